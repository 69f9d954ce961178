// Regions in the colour of their figure. Outlines are files of their own, made by maps.mjs.
import { feature } from "topojson-client";
import { full, short, tip } from "./chart_theme.js";

/** Height by width. */
const shapes = { china: 0.78, world: 0.5 };
/** ECharts adds it to a map of the name "china". */
const sea = "南海诸岛";
/** Names of small countries would lie on each other: only the largest figures of the world have theirs. */
const NAMED = 12;

export async function outlines(address) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${address} answered ${answer.status}`);
  const file = await answer.json();
  return feature(file, file.objects.regions);
}

export function map(d, t, box) {
  const known = d.regions.filter(({ value }) => typeof value === "number");
  const values = known.map(({ value }) => value);
  // Ratios lie close together; the colour of amounts begins at nothing.
  const span = d.unit === "percent" && values.length > 1 ? values : [...values, 0];
  const [least, most] = [Math.min(...span), Math.max(...span)];
  const labels = Object.fromEntries(d.regions.map((region) => [region.name, region.label]));
  const figures = Object.fromEntries(known.map(({ name, value }) => [name, full(value, d.unit, d.currency)]));
  const leastNamed = d.map === "world" ? [...values].sort((a, b) => b - a)[NAMED - 1] ?? -Infinity : -Infinity;
  const wide = box.clientWidth >= 480;
  box.style.height = `${Math.round(Math.min(560, Math.max(240, box.clientWidth * (shapes[d.map] ?? 0.78))) + 28)}px`;
  const inset = { name: sea, label: { show: false }, emphasis: { disabled: true }, itemStyle: { areaColor: t["line-strong"], borderColor: t["line-strong"] } };
  return {
    tooltip: { ...t.base.tooltip, trigger: "item", formatter: ({ name }) => (name === sea ? tip(d.sea) : tip(labels[name] ?? name, [[d.name, figures[name] ?? "–"]])) },
    visualMap: {
      type: "continuous", min: least, max: most > least ? most : least + 1, orient: "horizontal", left: 0, bottom: 0, itemWidth: 10, itemHeight: 96, hoverLink: false,
      inRange: { color: [t["accent-soft"], t.accent] }, text: [short(most, d.unit), short(least, d.unit)], textStyle: t.font,
    },
    series: [{
      type: "map", map: d.map, selectedMode: false, left: 0, right: 0, top: 4, bottom: 32,
      itemStyle: { areaColor: t.hover, borderColor: t["text-3"], borderWidth: 0.4 },
      label: { show: wide, color: t.text, fontSize: 11, textBorderColor: t.surface, textBorderWidth: 2, formatter: ({ name, value }) => (name in figures && value >= leastNamed ? labels[name] : "") },
      labelLayout: { hideOverlap: true },
      emphasis: { label: { show: wide, color: t.text }, itemStyle: { areaColor: "inherit", borderColor: t.text, borderWidth: 1.4 } },
      data: [...known.map(({ name, value, href }) => ({ name, value, href })), ...(d.map === "china" ? [inset] : [])],
    }],
  };
}
