// One ECharts option per kind of chart; the data are described in charts.js.
import { map } from "./chart_map.js";
import { full, percent, short, tip } from "./chart_theme.js";

const shares = (t, name, extra = {}) => ({ ...t.axis(), type: "value", min: 0, max: 1, name, axisLabel: { ...t.axis().axisLabel, formatter: percent }, ...extra });
const legend = (t, many) => (many ? { legend: { top: 0, right: 0, icon: "circle", itemWidth: 8, itemHeight: 8, textStyle: t.font } } : {});

function pareto(d, t) {
  const mark = d.mark ? {
    markPoint: { symbol: "circle", symbolSize: 9, itemStyle: { color: t.accent, borderColor: t.surface, borderWidth: 2 }, label: { show: true, position: "right", distance: 8, formatter: d.mark.label, color: t.text, fontWeight: 600, fontSize: 12 }, data: [{ coord: [d.mark.x, d.mark.y] }] },
    markLine: { symbol: "none", silent: true, label: { show: false }, lineStyle: { color: t["line-strong"], type: "dashed" }, data: [[{ coord: [d.mark.x, 0] }, { coord: [d.mark.x, d.mark.y] }], [{ coord: [0, d.mark.y] }, { coord: [d.mark.x, d.mark.y] }]] },
  } : {};
  return {
    grid: { ...t.base.grid },
    xAxis: shares(t, d.x_label, { splitLine: { show: false } }), yAxis: shares(t, d.y_label, { nameGap: 44 }),
    tooltip: { ...t.base.tooltip, trigger: "axis", axisPointer: { type: "line", lineStyle: { color: t["line-strong"] } }, formatter: ([p]) => tip("", [[d.x_label, percent(p.value[0])], [d.y_label, percent(p.value[1])]]) },
    series: [
      { type: "line", data: d.points, showSymbol: false, sampling: "lttb", lineStyle: { width: 2, color: t.accent }, areaStyle: { color: t["accent-soft"], opacity: 0.7 }, ...mark },
      { type: "line", data: [[0, 0], [1, 1]], showSymbol: false, silent: true, tooltip: { show: false }, lineStyle: { width: 1, type: "dashed", color: t["line-strong"] } },
    ],
  };
}

function whale(d, t) {
  const point = (mark, position) => ({ coord: [mark.x ?? 1, mark.y], href: mark.href, label: { show: true, position, distance: 8, formatter: mark.label, color: t.text, fontWeight: 600, fontSize: 12 } });
  return {
    grid: { ...t.base.grid, top: 32, right: 24 },
    xAxis: shares(t, d.x_label, { splitLine: { show: false } }), yAxis: { ...t.axis({ name: d.y_label, nameGap: 52 }), type: "value", axisLabel: { ...t.axis().axisLabel, formatter: (value) => short(value) } },
    tooltip: { ...t.base.tooltip, trigger: "axis", axisPointer: { type: "line", lineStyle: { color: t["line-strong"] } }, formatter: ([p]) => tip("", [[d.x_label, percent(p.value[0])], [d.y_label, full(p.value[1], "money", d.currency)]]) },
    series: [{
      type: "line", data: d.points, showSymbol: false, lineStyle: { width: 2, color: t.accent }, areaStyle: { color: t["accent-soft"], opacity: 0.7 },
      markPoint: { symbol: "circle", symbolSize: 9, itemStyle: { color: t.accent, borderColor: t.surface, borderWidth: 2 }, data: d.mark.x < 0.85 ? [point(d.mark, "top"), point(d.end, "left")] : [point(d.mark, "left")] },
      markLine: { symbol: "none", silent: true, label: { show: false }, lineStyle: { color: t["line-strong"], type: "dashed" }, data: [[{ coord: [0, d.end.y] }, { coord: [1, d.end.y] }]] },
    }],
  };
}

function rfm(d, t) {
  const most = Math.max(...d.cells.map((cell) => cell.value), 1);
  return {
    grid: { ...t.base.grid, top: 8 },
    xAxis: { ...t.axis({ name: d.x_label }), type: "category", data: d.columns, splitLine: { show: false } },
    yAxis: { ...t.axis({ name: d.y_label, nameGap: 44 }), type: "category", data: d.rows, splitLine: { show: false } },
    visualMap: { show: false, min: 0, max: most, inRange: { color: [t.hover, t.accent] } },
    tooltip: { ...t.base.tooltip, formatter: ({ data: cell }) => tip(cell.text || full(cell.value[2]), [[d.x_label, d.columns[cell.value[0]]], [d.y_label, d.rows[cell.value[1]]]]) },
    series: [{
      type: "heatmap", itemStyle: { borderColor: t.surface, borderWidth: 2, borderRadius: 4 }, emphasis: { itemStyle: { borderColor: t.accent } },
      data: d.cells.map((cell) => ({ value: [cell.x, cell.y, cell.value], href: cell.href, text: cell.text, label: { color: cell.value > most * 0.55 ? "#fff" : t.text } })),
      label: { show: true, fontSize: 12, formatter: ({ value }) => (value[2] ? short(value[2]) : "") },
    }],
  };
}

function stages(d, t) {
  const bars = [...d.bars].reverse();
  return {
    grid: { ...t.base.grid, top: 0, right: 56 },
    xAxis: { type: "value", show: false },
    yAxis: { ...t.axis(), type: "category", data: bars.map((bar) => bar.label), axisLabel: { ...t.font, color: t.text, fontSize: 13 } },
    tooltip: { ...t.base.tooltip, formatter: ({ data: bar }) => tip(bar.label_text, [[bar.text || "", full(bar.value, d.unit, d.currency)]]) },
    series: [{
      type: "bar", barMaxWidth: 22, itemStyle: { borderRadius: 3 },
      data: bars.map((bar) => ({ value: bar.value, href: bar.href, text: bar.text, label_text: bar.label, itemStyle: { color: t.named(bar.color) ?? t.accent } })),
      label: { show: true, position: "right", color: t["text-2"], formatter: ({ value }) => (d.unit === "count" ? full(value) : short(value, d.unit)) },
    }],
  };
}

/** How the bars of a category lie beside each other. */
const BESIDE = { barMaxWidth: 28, barGap: "10%" };

// The intervals of the bars of a series: on each a line with a cap at both ends. Its edge has the colour of the page, so that it is seen on bars of any colour, in
// light and dark.
function intervals(d, t, at) {
  return {
    type: "custom", name: d.series[at].name, silent: true, tooltip: { show: false }, z: 3, encode: { x: 0, y: [1, 2] },
    data: d.series[at].intervals.flatMap((range, x) => (range ? [[x, ...range]] : [])),
    renderItem(_, api) {
      // Bars stand before the intervals; what the legend has hidden has no place.
      const shown = api.currentSeriesIndices().filter((index) => index < d.series.length);
      const { offsetCenter, width } = api.barLayout({ ...BESIDE, count: shown.length })[shown.indexOf(at)];
      const [[centre, low], [, high]] = [1, 2].map((end) => api.coord([api.value(0), api.value(end)]));
      const [x, cap] = [centre + offsetCenter, Math.min(5, width / 3)];
      const lines = [[x, low, x, high], [x - cap, low, x + cap, low], [x - cap, high, x + cap, high]];
      const drawn = (style) => lines.map(([x1, y1, x2, y2]) => ({ type: "line", shape: { x1, y1, x2, y2 }, style: { lineCap: "round", ...style } }));
      return { type: "group", children: [...drawn({ stroke: t.surface, lineWidth: 4 }), ...drawn({ stroke: t.text, lineWidth: 1.5 })] };
    },
  };
}

const between = ([low, high], d) => `${full(low, d.unit, d.currency)} – ${full(high, d.unit, d.currency)}`;

function series(type) {
  const marked = (d) => (m) => {
    const range = d.series[m.seriesIndex]?.intervals?.[m.dataIndex];
    return [[m.seriesName, full(m.value, d.unit, d.currency)], ...(range ? [[d.interval_label, between(range, d)]] : [])];
  };
  return (d, t) => ({
    ...legend(t, d.series.length > 1),
    grid: { ...t.base.grid, top: d.series.length > 1 ? 32 : 12 },
    xAxis: { ...t.axis(), type: "category", data: d.categories, splitLine: { show: false }, boundaryGap: type === "bar" },
    yAxis: { ...t.axis(), type: "value", axisLabel: { ...t.axis().axisLabel, formatter: (value) => short(value, d.unit) } },
    tooltip: { ...t.base.tooltip, trigger: "axis", axisPointer: { type: type === "bar" ? "shadow" : "line" }, formatter: (marks) => tip(marks[0].axisValueLabel, marks.filter((m) => m.value !== null && m.value !== undefined).flatMap(marked(d))) },
    series: [...d.series.map((one) => ({ type, name: one.name, data: one.values, stack: one.stack ? "all" : undefined, showSymbol: d.categories.length < 32, symbolSize: 5, ...BESIDE, itemStyle: { borderRadius: type === "bar" ? [3, 3, 0, 0] : 0 }, lineStyle: { width: 2 } })), ...d.series.flatMap((one, at) => (one.intervals ? [intervals(d, t, at)] : []))],
  });
}

/** Lying bars, the first on top; the box grows with them. */
function ranked(d, t, box) {
  const many = d.series.length > 1;
  const stacked = d.series.some((one) => one.stack);
  const thick = many && !stacked ? 12 * d.series.length + 10 : 26;
  box.style.height = `${Math.max(120, d.categories.length * thick + (many ? 64 : 40))}px`;
  const upside = (list) => [...list].reverse();
  return {
    ...legend(t, many),
    grid: { ...t.base.grid, top: many ? 32 : 4, right: 64 },
    xAxis: { ...t.axis(), type: "value", axisLabel: { ...t.axis().axisLabel, formatter: (value) => short(value, d.unit) } },
    yAxis: { ...t.axis(), type: "category", data: upside(d.categories), splitLine: { show: false }, axisLabel: { ...t.font, color: t.text, width: 160, overflow: "truncate" } },
    tooltip: { ...t.base.tooltip, trigger: "axis", axisPointer: { type: "shadow" }, formatter: (marks) => tip(marks[0].axisValueLabel, marks.filter((m) => m.value !== null && m.value !== undefined).map((m) => [m.seriesName, full(m.value, d.unit, d.currency)])) },
    series: d.series.map((one) => ({
      type: "bar", name: one.name, data: upside(one.values), stack: one.stack ? "all" : undefined, barMaxWidth: 20, itemStyle: { borderRadius: stacked ? 0 : [0, 3, 3, 0] },
      label: { show: !many, position: "right", color: t["text-2"], formatter: ({ value }) => (value === null || value === undefined ? "" : short(value, d.unit)) },
    })),
  };
}

function heat(d, t, box) {
  const values = d.cells.map((cell) => cell.value);
  const [least, most] = [Math.min(...values, 0), Math.max(...values, 0)];
  box.style.height = `${Math.max(200, d.rows.length * 34 + 72)}px`;
  // What is left of the width beside the names of the rows.
  const cell = (box.clientWidth - 124) / d.columns.length;
  return {
    grid: { ...t.base.grid, top: 8 },
    xAxis: { ...t.axis(), type: "category", data: d.columns, splitLine: { show: false } },
    yAxis: { ...t.axis(), type: "category", data: d.rows, splitLine: { show: false }, axisLabel: { ...t.font, color: t.text, width: 140, overflow: "truncate" } },
    visualMap: { show: false, min: least, max: most || 1, inRange: { color: [t.hover, t.accent] } },
    tooltip: { ...t.base.tooltip, formatter: ({ data: cell }) => tip(cell.text, [[d.name, full(cell.value[2], d.unit, d.currency)]]) },
    series: [{
      type: "heatmap", itemStyle: { borderColor: t.surface, borderWidth: 2, borderRadius: 4 }, emphasis: { itemStyle: { borderColor: t.accent } },
      data: d.cells.map((cell) => ({ value: [cell.x, cell.y, cell.value], href: cell.href, text: cell.text, label: { color: cell.value > least + (most - least) * 0.55 ? "#fff" : t.text } })),
      label: { show: d.columns.length <= 14 && cell >= 24, fontSize: cell < 40 ? 10 : 12, formatter: ({ value }) => short(value[2], d.unit) },
    }],
  };
}

function treemap(d, t) {
  const deep = d.nodes.some((node) => node.children);
  const colours = t.base.color;
  const nodes = d.nodes.map((node, index) => ({ ...node, itemStyle: { color: colours[index % colours.length] } }));
  return {
    tooltip: { ...t.base.tooltip, formatter: ({ treePathInfo, value }) => tip(treePathInfo.slice(1).map((step) => step.name).join(" · "), [["", full(value, d.unit, d.currency)]]) },
    series: [{
      type: "treemap", data: nodes, roam: false, nodeClick: false, breadcrumb: { show: false }, left: 0, right: 0, top: 0, bottom: 0,
      label: { color: t.surface, fontSize: 12, overflow: "truncate", formatter: ({ name, value }) => `${name}\n${short(value, d.unit)}` },
      upperLabel: { show: deep, height: 22, color: t.text, fontSize: 12, fontWeight: 600 },
      itemStyle: { borderColor: t.surface, borderWidth: 1, gapWidth: 1 },
      levels: deep ? [{ itemStyle: { borderWidth: 0, gapWidth: 4 }, upperLabel: { show: false } }, { itemStyle: { gapWidth: 1, borderColor: t.hover, borderWidth: 2 } }, { colorSaturation: [0.35, 0.6] }] : [{ itemStyle: { gapWidth: 2 } }],
    }],
  };
}

function scatter(d, t) {
  return {
    grid: { ...t.base.grid },
    xAxis: { ...t.axis({ name: d.x_label }), type: d.log ? "log" : "value", axisLabel: { ...t.axis().axisLabel, formatter: (v) => short(v) } }, yAxis: { ...t.axis({ name: d.y_label, nameGap: 44 }), type: d.log ? "log" : "value", axisLabel: { ...t.axis().axisLabel, formatter: (v) => short(v) } },
    tooltip: { ...t.base.tooltip, formatter: ({ data: p }) => tip(p.label_text, [[d.x_label, full(p.value[0])], [d.y_label, full(p.value[1])]]) },
    series: [{ type: "scatter", symbolSize: 7, itemStyle: { color: t.accent, opacity: 0.6 }, large: d.points.length > 2000, data: d.points.map((p) => ({ value: [p.x, p.y], href: p.href, label_text: p.label, itemStyle: p.color ? { color: t.named(p.color) } : {} })) }],
  };
}

// Known values, then the forecast with its interval: the band is a line at the lower end and, stacked on it, one of its width.
function forecast(d, t) {
  const line = (name, data, style) => ({ type: "line", name, data, showSymbol: false, lineStyle: { width: 2, color: t.accent, ...style }, itemStyle: { color: t.accent } });
  const edge = { type: "line", stack: "band", stackStrategy: "all", showSymbol: false, silent: true, lineStyle: { opacity: 0 }, tooltip: { show: false } };
  const width = d.upper.map((upper, i) => (upper === null ? null : upper - d.lower[i]));
  return {
    grid: { ...t.base.grid, top: 12 },
    xAxis: { ...t.axis(), type: "category", data: d.categories, splitLine: { show: false }, boundaryGap: false },
    yAxis: { ...t.axis(), type: "value", scale: d.near === true, axisLabel: { ...t.axis().axisLabel, formatter: (value) => short(value, d.unit) } },
    tooltip: { ...t.base.tooltip, trigger: "axis", axisPointer: { type: "line" }, formatter: (marks) => {
      const at = marks[0].dataIndex;
      const rows = [[d.known_label, d.known[at]], [d.forecast_label, d.forecast[at]]].filter(([, value]) => value !== null);
      const shown = rows.map(([name, value]) => [name, full(value, d.unit, d.currency)]);
      if (rows.length > 0 && d.upper[at] !== null) shown.push([d.interval_label, between([d.lower[at], d.upper[at]], d)]);
      return tip(marks[0].axisValueLabel, shown);
    } },
    series: [
      { ...edge, data: d.lower }, { ...edge, data: width, areaStyle: { color: t.accent, opacity: 0.16 } },
      { ...line(d.known_label, d.known, {}), showSymbol: d.near === true, symbolSize: 5 }, line(d.forecast_label, d.forecast, { type: "dashed" }),
    ],
  };
}

function pie(d, t) {
  return {
    legend: { orient: "vertical", right: 0, top: "middle", icon: "circle", itemWidth: 8, itemHeight: 8, textStyle: t.font },
    tooltip: { ...t.base.tooltip, formatter: ({ name, value, percent: share }) => tip(name, [[percent(share / 100), full(value, d.unit, d.currency)]]) },
    series: [{ type: "pie", radius: ["52%", "80%"], center: ["32%", "50%"], label: { show: false }, itemStyle: { borderColor: t.surface, borderWidth: 2 }, data: d.slices.map((s) => ({ name: s.label, value: s.value, href: s.href, itemStyle: s.color ? { color: t.named(s.color) } : {} })) }],
  };
}

function sparkline(d, t) {
  return {
    grid: { left: 1, right: 1, top: 3, bottom: 3 }, tooltip: { show: false },
    xAxis: { type: "category", show: false, boundaryGap: false, data: d.values.map((_, i) => i) }, yAxis: { type: "value", show: false, scale: true },
    series: [{ type: "line", data: d.values, showSymbol: false, silent: true, lineStyle: { width: 1.5, color: t.accent }, areaStyle: { color: t["accent-soft"], opacity: 0.8 } }],
  };
}

const nothing = (list) => !list?.length;
export const kinds = {
  pareto: { option: pareto, isEmpty: (d) => nothing(d.points) },
  whale: { option: whale, isEmpty: (d) => nothing(d.points) },
  rfm: { option: rfm, isEmpty: (d) => nothing(d.cells) },
  stages: { option: stages, isEmpty: (d) => nothing(d.bars) },
  bars: { option: series("bar"), isEmpty: (d) => nothing(d.series) || nothing(d.categories) },
  line: { option: series("line"), isEmpty: (d) => nothing(d.series) || nothing(d.categories) },
  ranked: { option: ranked, isEmpty: (d) => nothing(d.series) || nothing(d.categories) },
  heat: { option: heat, isEmpty: (d) => nothing(d.cells), byWidth: true },
  map: { option: map, isEmpty: (d) => nothing(d.regions) },
  treemap: { option: treemap, isEmpty: (d) => nothing(d.nodes) },
  scatter: { option: scatter, isEmpty: (d) => nothing(d.points) },
  forecast: { option: forecast, isEmpty: (d) => nothing(d.categories) },
  pie: { option: pie, isEmpty: (d) => nothing(d.slices) },
  sparkline: { option: sparkline, isEmpty: (d) => nothing(d.values) },
};
