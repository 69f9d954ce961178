// Colours from the page's CSS variables, numbers as the reader writes them.

const language = document.documentElement.lang;

/** light-dark() and color-mix() resolved by the browser. */
function colour(name) {
  const probe = document.body.appendChild(document.createElement("span"));
  probe.style.color = `var(--${name})`;
  const value = getComputedStyle(probe).color;
  probe.remove();
  return value;
}

export function theme() {
  const c = Object.fromEntries(["text", "text-2", "text-3", "line", "line-strong", "surface", "raised", "hover", "accent", "accent-soft", "bad", "good"].map((name) => [name, colour(name)]));
  const palette = ["accent", "c-teal", "c-orange", "c-purple", "c-cyan", "c-pink", "c-yellow", "c-grey"].map(colour);
  const font = { color: c["text-2"], fontSize: 12, fontFamily: getComputedStyle(document.body).fontFamily };
  const animation = !matchMedia("(prefers-reduced-motion: reduce)").matches;
  return {
    ...c, palette, font, named: (name) => (name ? colour(`c-${name}`) : undefined),
    base: {
      color: palette, textStyle: font, animation, animationDuration: 250, backgroundColor: "transparent",
      grid: { left: 0, right: 12, top: 16, bottom: 0, outerBoundsMode: "same", outerBoundsContain: "all" },
      tooltip: { backgroundColor: c.raised, borderColor: c.line, borderWidth: 1, padding: [6, 10], textStyle: { ...font, color: c.text }, confine: true, transitionDuration: 0 },
    },
    axis: (extra = {}) => ({
      nameTextStyle: { ...font, color: c["text-3"] }, nameLocation: "middle", nameGap: 28,
      axisLine: { show: false }, axisTick: { show: false }, axisLabel: { ...font, color: c["text-3"] }, splitLine: { lineStyle: { color: c.line } }, ...extra,
    }),
  };
}

/** What is not known is a dash. */
const number = (value, style) => (Number.isFinite(value) ? new Intl.NumberFormat(language, style).format(value) : "–");

/** 12345 → "1.2万" or "12.3k"; axes. */
export function short(value, unit) {
  if (unit === "percent") return percent(value);
  return number(value, { notation: "compact", maximumFractionDigits: 1 }).replace("K", "k");
}

export const percent = (value) => number(value, { style: "percent", maximumFractionDigits: 1, signDisplay: "negative" });

/** The exact figure; tooltips. */
export function full(value, unit, currency) {
  if (unit === "percent") return percent(value);
  if (unit === "money" && currency) return number(value, { style: "currency", currencyDisplay: "narrowSymbol", currency });
  return number(value);
}

/** A tooltip as elements: strings with style attributes would break the content security policy. */
export function tip(title, pairs = []) {
  const box = document.createElement("div");
  box.className = "chart-tip";
  const head = document.createElement("b");
  head.textContent = title;
  const list = document.createElement("dl");
  for (const [name, value] of pairs) {
    const dt = document.createElement("dt");
    const dd = document.createElement("dd");
    dt.textContent = name;
    dd.textContent = value;
    list.append(dt, dd);
  }
  box.append(head, list);
  return box;
}
