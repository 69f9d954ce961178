// Charts of data nobody expects: no label and no tooltip shows a number that is none.
import assert from "node:assert/strict";
import { test } from "node:test";

const element = () => ({ children: [], append(...more) { this.children.push(...more); } });
globalThis.document = { documentElement: { lang: "en" }, createElement: element };
const { kinds } = await import("./chart_kinds.js");

const t = new Proxy({ base: { grid: {}, tooltip: {}, color: ["red"] }, font: {}, palette: ["red"], axis: (extra = {}) => ({ axisLabel: {}, ...extra }), named: () => "red" }, { get: (known, name) => known[name] ?? "red" });
const box = { style: {}, clientWidth: 600 };
const money = { unit: "money", currency: "CNY" };
const lists = (values) => ({ categories: values.map((_, at) => `c${at}`), series: [{ name: "sales", values }], ...money });
const cells = (values) => ({ columns: ["a", "b"], rows: ["r"], cells: values.map((value, x) => ({ x, y: 0, value, text: "t" })), name: "sales", x_label: "x", y_label: "y", ...money });
const HOSTILE = [[], [null], [0], [-5], [null, -3], [0, null], [1e15, -1e15]];

/** Data of each kind made of these values. */
const made = {
  pareto: (values) => ({ points: values.map((value, at) => [at, value]), mark: null, x_label: "x", y_label: "y" }),
  whale: (values) => ({ points: values.map((value, at) => [at, value]), mark: { x: 0, y: values[0], label: "m" }, end: { y: values.at(-1), label: "e" }, x_label: "x", y_label: "y", currency: "CNY" }),
  rfm: cells, heat: cells,
  stages: (values) => ({ bars: values.map((value, at) => ({ label: `b${at}`, value })), ...money }),
  bars: (values) => ({ ...lists(values), series: [{ name: "sales", values, intervals: values.map((value) => (value === null ? null : [value, value])) }], interval_label: "i" }),
  line: lists, ranked: lists,
  treemap: (values) => ({ nodes: values.map((value, at) => ({ name: `n${at}`, value })), ...money }),
  map: (values) => ({ map: "china", regions: values.map((value, at) => ({ name: `r${at}`, label: `R${at}`, value })), sea: "sea", name: "sales", ...money }),
  scatter: (values) => ({ points: values.map((value, at) => ({ x: at, y: value, label: `p${at}` })), x_label: "x", y_label: "y" }),
  forecast: (values) => ({ ...lists(values), known: values, forecast: values, lower: values, upper: values, known_label: "k", forecast_label: "f", interval_label: "i" }),
  pie: (values) => ({ slices: values.map((value, at) => ({ label: `s${at}`, value })), ...money }),
  sparkline: (values) => ({ values }),
};

/** Every text an element holds. */
const texts = (one) => (typeof one === "string" ? [one] : [one?.textContent, ...(one?.children ?? []).flatMap(texts)]);

/** What a formatter is called with for the value at a place. */
const mark = (data, at) => {
  const value = Array.isArray(data) ? data : data?.value ?? data;
  return { data: data ?? {}, value, name: "n", percent: undefined, dataIndex: at, axisValueLabel: "c", seriesName: "s", treePathInfo: [{}, { name: "n" }] };
};

/** Calls every formatter in an option, with marks or values as ECharts does. */
function shown(option) {
  const said = [];
  const marks = option.series.flatMap((one) => (one.data ?? []).map(mark));
  const call = (format, argument) => said.push(...texts(format(argument)));
  const tooltip = option.tooltip?.formatter;
  if (typeof tooltip === "function") marks.forEach((one) => call(tooltip, option.tooltip.trigger === "axis" ? [one] : one));
  for (const one of option.series) {
    const label = one.label?.formatter;
    if (typeof label === "function") (one.data ?? []).map(mark).forEach((value) => call(label, value));
  }
  for (const axis of [option.xAxis, option.yAxis].filter(Boolean)) {
    const label = axis.axisLabel?.formatter;
    if (typeof label === "function") [0, -1, null, undefined, NaN].forEach((value) => call(label, value));
  }
  said.push(...(option.visualMap?.text ?? []));
  const bounds = [option.visualMap?.min, option.visualMap?.max].filter((bound) => bound !== undefined);
  return { said: said.filter((text) => text !== undefined).map(String), bounds };
}

test("the interval of a bar stands on it, whatever the legend hides", () => {
  const two = (name, more) => ({ name, values: [4, { value: 8, href: "/b" }], ...more });
  const data = { ...lists([4, 8]), series: [two("before"), two("forecast", { intervals: [null, [6, 11]] })], interval_label: "95 %" };
  const option = kinds.bars.option(data, t, box);
  const [before, forecast, drawn] = option.series;
  assert.deepEqual([before.type, forecast.type, drawn.type, drawn.name], ["bar", "bar", "custom", "forecast"]);
  assert.deepEqual(drawn.data, [[1, 6, 11]]);
  // Categories 100 px apart, a value 10 px high, bars of 20 px from -20.
  const api = (shown) => ({
    currentSeriesIndices: () => shown, value: (at) => drawn.data[0][at], coord: ([x, y]) => [100 * x, 200 - 10 * y],
    barLayout: ({ count, barGap, barMaxWidth }) => {
      assert.deepEqual([barGap, barMaxWidth], [forecast.barGap, forecast.barMaxWidth]);
      return Array.from({ length: count }, (_, at) => ({ offsetCenter: 20 * at - 10 * (count - 1), width: 20 }));
    },
  });
  const spine = (shown) => drawn.renderItem({}, api(shown)).children[0].shape;
  assert.deepEqual(spine([0, 1, 2]), { x1: 110, y1: 140, x2: 110, y2: 90 });
  assert.deepEqual(spine([1, 2]), { x1: 100, y1: 140, x2: 100, y2: 90 });
  const told = texts(option.tooltip.formatter([{ axisValueLabel: "c1", seriesIndex: 1, dataIndex: 1, seriesName: "forecast", value: 8 }])).filter(Boolean);
  assert.deepEqual(told, ["c1", "forecast", "¥8.00", "95 %", "¥6.00 – ¥11.00"]);
});

test("the marks of a whale curve carry the lists they open", () => {
  const data = { ...made.whale([0, 8, 5]), mark: { x: 0.5, y: 8, label: "m", href: "/earn" }, end: { y: 5, label: "e", href: "/all" } };
  const marks = kinds.whale.option(data, t, box).series[0].markPoint.data;
  assert.deepEqual(marks.map((one) => [one.coord, one.href]), [[[0.5, 8], "/earn"], [[1, 5], "/all"]]);
});

for (const [name, kind] of Object.entries(kinds)) {
  test(`${name} of data nobody expects`, () => {
    for (const values of HOSTILE) {
      const data = made[name](values);
      if (kind.isEmpty(data)) continue;
      const { said, bounds } = shown(kind.option(data, t, box));
      const wrong = said.filter((text) => /NaN|undefined|Infinity|∞|null/.test(text));
      assert.deepEqual(wrong, [], `${name} of ${JSON.stringify(values)}`);
      assert.ok(bounds.every(Number.isFinite), `${name} of ${JSON.stringify(values)}: ${bounds}`);
    }
    assert.ok(kind.isEmpty(made[name]([])), "nothing is said to be nothing");
  });
}
