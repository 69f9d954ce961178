// The tables of names (crates/analysis/src/places) say exactly what the maps draw, and the maps draw what they must.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { all, drawn } from "../maps.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const maps = [...all(join(here, "../node_modules"))];
const rows = (table) => readFileSync(join(here, "../../../analysis/src/places", `${table}.csv`), "utf8").trim().split("\n").slice(1).map((line) => line.split(","));
const names = (map) => maps.find(({ name }) => name === map).regions.map(({ name }) => name).sort();
const sorted = (table) => table.map(([, zh]) => zh).sort();

test("provinces are those of the map of China", () => assert.deepEqual(sorted(rows("provinces")), names("china")));

test("cities are those of the maps of their provinces", () => {
  const cities = rows("cities");
  for (const { name } of maps.filter(({ name }) => /^\d/.test(name))) {
    assert.deepEqual(sorted(cities.filter(([code]) => code.slice(0, 2) === name.slice(0, 2))), names(name), name);
  }
  assert.equal(new Set(cities.map(([code]) => code)).size, cities.length);
});

test("countries are those of the world, but for what has no code", () => {
  const known = new Set(names("world"));
  const countries = sorted(rows("countries"));
  assert.deepEqual(countries.filter((name) => !known.has(name)), []);
  assert.deepEqual([...known].filter((name) => !countries.includes(name)).sort(), ["北塞浦路斯", "索马里兰", "锡亚琴冰川", "阿什莫尔和卡捷群岛"].sort());
});

/** Whether a point lies in a region as it is drawn. */
function covers(map, region, [x, y]) {
  const topology = drawn(maps.find(({ name }) => name === map));
  const { scale, translate } = topology.transform;
  const absolute = topology.arcs.map((arc) => {
    let [px, py] = [0, 0];
    return arc.map(([dx, dy]) => [(px += dx) * scale[0] + translate[0], (py += dy) * scale[1] + translate[1]]);
  });
  const ring = (arcs) => arcs.flatMap((at) => (at < 0 ? [...absolute[~at]].reverse() : absolute[at]));
  const found = topology.objects.regions.geometries.find(({ properties }) => properties.name === region);
  const inside = (points) => points.reduce((odd, [ax, ay], at) => {
    const [bx, by] = points[(at + 1) % points.length];
    return (ay > y) !== (by > y) && x < ((bx - ax) * (y - ay)) / (by - ay) + ax ? !odd : odd;
  }, false);
  const rings = (found.type === "Polygon" ? [found.arcs] : found.arcs).flat().map(ring);
  return rings.filter(inside).length % 2 === 1;
}

test("the world is drawn as maps of China draw it", () => {
  for (const [place, point] of Object.entries({ Taiwan: [121, 23.7], Hainan: [109.7, 19.2], "Zangnan": [94.5, 28.2], "Aksai Chin": [79.5, 35.2], Beijing: [116.4, 39.9] })) {
    assert.ok(covers("world", "中国", point), place);
  }
  assert.ok(!covers("world", "中国", [77.2, 28.6]), "Delhi");
});

test("China is drawn with all its provinces", () => {
  assert.ok(covers("china", "台湾", [121, 23.7]));
  assert.ok(covers("china", "西藏", [94.5, 28.2]) && covers("china", "新疆", [79.5, 35.6]));
  assert.ok(covers("440000", "广州市", [113.3, 23.2]) && covers("370000", "济南市", [117.6, 36.2]), "Laiwu is Jinan's");
});
