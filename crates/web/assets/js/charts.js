// Charts, on pages that load charts.js. <div class="chart" data-chart="pareto" data-src="/….json"> or with its data in a <script type="application/json"> right after it.
// One theme from the CSS variables for light and dark; numbers in 万/亿 or k/M. Data by type:
//   pareto     {points: [[share of customers 0…1, share of sales 0…1]], mark: {x, y, label}|null, x_label, y_label}
//   whale      {points: [[share of customers 0…1, cumulative money]], mark: {x, y, label, href|null} (the peak), end: {y, label, href|null}, x_label, y_label, currency}
//   rfm        {columns: [label], rows: [label], cells: [{x, y, value, text, href}], x_label, y_label}   y 0 is the lowest row
//   stages     {bars: [{label, value, text|null, color|null, href|null}], unit}                          horizontal bars
//   bars, line {categories: [label], series: [{name, values: [n|null], intervals: of bars, [[low, high]|null]|undefined}], unit, currency|null, interval_label: with intervals}
//   scatter    {points: [{x, y, label, color|null, href|null}], x_label, y_label, log: whether both axes are logarithmic|null}
//   forecast   {categories: [label], known: [n|null], forecast: [n|null], lower: [n|null], upper: [n|null], known_label, forecast_label, interval_label, unit, currency|null, near: the axis need not begin at 0, and points stand alone}
//   pie        {slices: [{label, value, color|null, href|null}], unit, currency|null}
//   ranked     as bars, lying; series may have stack: true
//   heat       {columns: [label], rows: [label], cells: [{x, y, value, text, href}], name, unit, currency}  y 0 is the lowest row
//   treemap    {nodes: [{name, value, href|null} | {name, children: [node]}], unit, currency}
//   map        {map, src: the address of its outlines, regions: [{name: as in the outlines, label, value, href} | {name, label}], sea: label of the inset, name, unit, currency}
//   sparkline  {values: [n]}
// A value of bars, line and ranked may be {value, href}.
// unit: "count" | "money" | "percent" (values 0…1). href opens what is behind the mark: first the event "chart-open" (detail: the address) goes out, which a page may take over. Dispatch the event "chart-refresh" on the div to load data-src again.
import * as echarts from "echarts/core";
import { BarChart, CustomChart, HeatmapChart, LineChart, MapChart, PieChart, ScatterChart, TreemapChart } from "echarts/charts";
import { GridComponent, LegendComponent, MarkLineComponent, MarkPointComponent, TooltipComponent, VisualMapComponent } from "echarts/components";
import { CanvasRenderer } from "echarts/renderers";
import { kinds } from "./chart_kinds.js";
import { outlines } from "./chart_map.js";
import { theme } from "./chart_theme.js";

echarts.use([BarChart, CustomChart, HeatmapChart, LineChart, MapChart, PieChart, ScatterChart, TreemapChart, GridComponent, LegendComponent, MarkLineComponent, MarkPointComponent, TooltipComponent, VisualMapComponent, CanvasRenderer]);

const messages = JSON.parse(document.getElementById("messages")?.textContent ?? "{}");

function state(box, text) {
  echarts.getInstanceByDom(box)?.dispose();
  const note = document.createElement("div");
  note.className = "chart-state";
  note.textContent = text;
  box.replaceChildren(note);
}

async function data(box) {
  if (box.dataset.src) {
    const answer = await fetch(box.dataset.src, { headers: { accept: "application/json" } });
    if (!answer.ok) throw new Error(`${box.dataset.src} answered ${answer.status}`);
    return answer.json();
  }
  return JSON.parse(box.parentElement.querySelector('script[type="application/json"]').textContent);
}

async function draw(box) {
  const kind = kinds[box.dataset.chart];
  let content;
  try {
    content = await data(box);
    if (content?.map && !echarts.getMap(content.map)) echarts.registerMap(content.map, await outlines(content.src));
  } catch {
    return state(box, messages.chart_error ?? "");
  }
  if (!content || kind.isEmpty(content)) return state(box, messages.chart_empty ?? "");
  box.querySelectorAll(".chart-wait, .chart-state").forEach((note) => note.remove());
  const colours = theme();
  const chart = echarts.getInstanceByDom(box) ?? echarts.init(box, null, { renderer: "canvas" });
  chart.setOption({ ...colours.base, ...kind.option(content, colours, box) }, { notMerge: true });
  if (kind.byWidth) box.dataset.width = box.clientWidth;
  chart.off("click");
  chart.on("click", ({ data: mark }) => {
    if (mark?.href && box.dispatchEvent(new CustomEvent("chart-open", { bubbles: true, cancelable: true, detail: mark.href }))) location.assign(mark.href);
  });
  chart.on("mouseover", ({ data: mark }) => chart.getZr().setCursorStyle(mark?.href ? "pointer" : "default"));
}

// What some kinds write depends on their width: they are drawn anew.
function turned(box) {
  const chart = echarts.getInstanceByDom(box);
  chart?.resize();
  if (chart && box.dataset.width && box.dataset.width !== String(box.clientWidth)) draw(box);
}
// What is being taken away or is folded up has no size, and a map of none cannot be laid out.
const sizes = new ResizeObserver((entries) => entries.forEach(({ target, contentRect }) => { if (contentRect.width > 0 && contentRect.height > 0) turned(target); }));
const boxes = () => [...document.querySelectorAll("[data-chart]")];

function start(box) {
  if (box.dataset.started) return;
  box.dataset.started = "yes";
  box.addEventListener("chart-refresh", () => draw(box));
  sizes.observe(box);
  draw(box);
}

boxes().forEach(start);
document.addEventListener("htmx:load", () => boxes().forEach(start));
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => boxes().forEach(draw));
