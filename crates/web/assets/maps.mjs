// The maps of charts: outlines from npm packages, simplified, each a TopoJSON file of its own that is loaded when it is shown.
// China and its provinces are those of ECharts 4.9, which later versions no longer bring; the world is Natural Earth as China draws it.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { topology } from "topojson-server";
import { filter, filterAttachedWeight, presimplify, simplify } from "topojson-simplify";

/** These have no cities below them that a customer's city could name. */
const undivided = ["beijing", "tianjin", "shanghai", "chongqing", "xianggang", "aomen", "taiwan"];
/** Cities that have since become part of another. */
const merged = { 莱芜市: "济南市" };
/** Islands far from all the rest, drawn small beside it: where the point (west, south) comes to lie, in degrees. */
const insets = { 三沙市: { west: 108, south: 3.5, x: 111.4, y: 18.2, scale: 0.12 } };

/** ECharts 4 packs most rings of coordinates into strings of zigzag-coded steps. */
function unpacked(json) {
  const scale = json.UTF8Scale ?? 1024;
  const step = (code) => ((code - 64) >> 1) ^ -((code - 64) & 1);
  const ring = (text, [x, y]) => {
    const points = [];
    for (let at = 0; at < text.length; at += 2) {
      x += step(text.charCodeAt(at));
      y += step(text.charCodeAt(at + 1));
      points.push([x / scale, y / scale]);
    }
    return points;
  };
  const walk = (part, offsets) => (typeof part === "string" ? ring(part, offsets) : part.map((inner, at) => walk(inner, offsets[at])));
  const plain = ({ coordinates, encodeOffsets }) => (json.UTF8Encoding ? walk(coordinates, encodeOffsets) : coordinates);
  return joined(json.features.map(({ properties, geometry }) => ({ name: properties.name, cp: properties.cp, polygons: polygons({ type: geometry.type, coordinates: plain(geometry) }) })));
}

const polygons = ({ type, coordinates }) => (type === "Polygon" ? [coordinates] : coordinates);

/** One region of each name. */
function joined(features) {
  const regions = new Map();
  for (const { name, cp, polygons } of features) {
    const known = regions.get(merged[name] ?? name);
    if (known) known.polygons.push(...polygons);
    else regions.set(name, { name, cp, polygons: [...polygons] });
  }
  return [...regions.values()];
}

function beside(region) {
  const inset = insets[region.name];
  if (!inset) return region;
  const moved = ([x, y]) => [inset.x + (x - inset.west) * inset.scale, inset.y + (y - inset.south) * inset.scale];
  return { ...region, polygons: region.polygons.map((rings) => rings.map((ring) => ring.map(moved))) };
}

/** Every map: its name, its regions, cells of its grid along each side, and what it leaves out as a share of its area. */
export function* all(modules) {
  const old = join(modules, "echarts-4/map/json");
  const read = (path) => JSON.parse(readFileSync(path, "utf8"));
  yield { name: "china", regions: unpacked(read(join(old, "china.json"))), grid: 3000, detail: 1e-6 };
  for (const file of readdirSync(join(old, "province")).sort()) {
    if (undivided.includes(file.replace(".json", ""))) continue;
    const json = read(join(old, "province", file));
    const code = String(json.features.find((feature) => feature.id).id).slice(0, 2);
    const regions = unpacked(json).map(beside);
    // What is small already would be left out.
    const detail = regions.some(({ name }) => insets[name]) ? 1e-6 : 1.5e-5;
    yield { name: `${code}0000`, regions, grid: 800, detail };
  }
  const world = read(join(modules, "@surbowl/world-geo-json-zh/world.zh.json"));
  const inhabited = world.features.filter(({ properties }) => properties.iso_a2 !== "AQ");
  yield { name: "world", regions: joined(inhabited.map(({ properties, geometry }) => ({ name: properties.name, polygons: polygons(geometry) }))), grid: 4000, detail: 4e-7 };
}

/** The map as a file has it: steps on a grid. */
export function drawn({ regions, grid, detail }) {
  const features = regions.map(({ name, cp, polygons }) => ({ type: "Feature", properties: { name, cp }, geometry: { type: "MultiPolygon", coordinates: polygons } }));
  const exact = topology({ regions: { type: "FeatureCollection", features } }, grid);
  const [west, south, east, north] = exact.bbox;
  const least = (east - west) * (north - south) * detail;
  const simple = simplify(presimplify(exact), least);
  const kept = filter(simple, filterAttachedWeight(simple, least));
  const { scale, translate } = exact.transform;
  const arcs = kept.arcs.map((arc) => {
    let before = [0, 0];
    const steps = arc.map((point) => {
      const cell = point.slice(0, 2).map((value, axis) => Math.round((value - translate[axis]) / scale[axis]));
      const step = cell.map((value, axis) => value - before[axis]);
      before = cell;
      return step;
    });
    return steps.filter(([x, y], at) => at === 0 || x || y);
  });
  return { type: "Topology", transform: exact.transform, objects: kept.objects, arcs };
}

export function write(modules, out) {
  for (const map of all(modules)) writeFileSync(join(out, `map-${map.name}.json`), JSON.stringify(drawn(map)));
}
