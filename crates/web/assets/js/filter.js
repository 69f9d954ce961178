// The filter builder: rows of field, operator, value, kept as CEL in the address. What rows cannot show is edited as text.
import { compose, parse } from "./cel.js";
import { $, $$, each, element, icon, messages } from "./dom.js";
import { fieldsAt } from "./fields.js";
import { listHref } from "./list.js";
import { lookup } from "./lookup.js";

const operators = {
  text: ["contains", "starts", "eq", "ne", "empty", "filled"],
  number: ["eq", "ne", "gt", "ge", "lt", "le", "empty", "filled"],
  date: ["last", "older", "next", "eq", "ge", "le", "lt", "gt", "empty", "filled"],
  instant: ["last", "older", "next", "ge", "lt", "empty", "filled"],
  choice: ["eq", "ne", "in", "empty", "filled"],
  reference: ["eq", "ne", "empty", "filled"],
  bool: ["true", "false"],
};
const operatorsOf = (field) => (field.lookup === "/lookup/user" ? ["mine"] : []).concat(operators[family(field.kind)]);
const family = (kind) => (["integer", "decimal", "money", "percent"].includes(kind) ? "number" : kind in operators ? kind : "text");
const dateWords = { eq: "on", ge: "from", le: "until", lt: "before", gt: "after" };
const words = (kind, op) => messages.op[["date", "instant"].includes(kind) ? (dateWords[op] ?? op) : op];
const labels = new Map(); // titles of chosen records
const option = (value, label, selected) => element("option", { value, selected }, label);
const local = (instant) => {
  const at = new Date(instant);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};
const relative = new Set(["last", "older", "next"]);
const noValue = new Set(["mine", "empty", "filled", "true", "false"]);

// Built when it is opened, or at once for the chips of a filter that is on.
each("[data-filter]", (panel) => {
  const known = $("[data-filter-labels]", panel);
  if (known) Object.entries(JSON.parse(known.textContent)).forEach(([id, title]) => labels.set(id, title));
  // What is pressed before it is built would be lost.
  const buttons = $$("button[type=button]", panel);
  const enable = (on) => buttons.forEach((button) => (button.disabled = !on));
  enable(false);
  let built;
  const ready = () =>
    (built ??= fieldsAt(panel.dataset.fields).then((fields) => {
      if (!fields.length) return;
      enable(true);
      build(panel, fields);
    }));
  panel.addEventListener("toggle", async () => {
    if (!panel.open) return;
    const wasBuilt = Boolean(built);
    await ready();
    if (!wasBuilt && panel.open) $(".filter-row select, textarea", $(".filter-mode:not([hidden])", panel))?.focus();
  });
  if (panel.open || $("[data-filter-text]", panel).value.trim()) ready();
});

function build(panel, fields) {
  const fieldOf = (name) => fields.find((field) => field.name === name);
  const kindOf = (name) => fieldOf(name)?.kind ?? "text";
  const text = $("[data-filter-text]", panel);
  const join = $("[data-filter-join]", panel);
  const holder = $("[data-filter-rows]", panel);
  let expert = false;

  function addRow(row) {
    const line = element("div", { class: "filter-row", role: "group" });
    const field = element("select", { class: "form-select form-select-sm", "aria-label": messages.choose }, ...fields.map((f) => option(f.name, f.label, f.name === row.field)));
    field.addEventListener("change", () => fill(line, { field: field.value, op: operatorsOf(fieldOf(field.value))[0], value: "" }));
    line.append(field);
    holder.append(line);
    fill(line, row);
    return line;
  }

  function fill(line, row) {
    const { kind, choices, lookup: href } = fieldOf(row.field);
    $$(":scope > :not(:first-child)", line).forEach((node) => node.remove());
    const ops = operatorsOf(fieldOf(row.field));
    const op = element("select", { class: "form-select form-select-sm", "data-op": true, "aria-label": messages.op.eq }, ...ops.map((name) => option(name, words(kind, name), name === row.op)));
    op.addEventListener("change", () => fill(line, { ...row, op: op.value, value: read(line).value }));
    line.append(op, noValue.has(op.value) ? element("span") : valueInput(kind, choices, href, op.value, row.value), element("button", { type: "button", class: "icon-button", "aria-label": messages.remove, onclick: () => line.remove() }, icon("x")));
    const reference = $("[data-lookup]", line);
    if (reference) lookup(reference);
  }

  function valueInput(kind, choices, href, op, value) {
    const common = { class: "form-select form-select-sm", "data-value": true, "aria-label": messages.value };
    if (kind === "choice" && op === "in") return element("select", { ...common, multiple: true, size: Math.min(4, choices.length) }, ...choices.map((c) => option(c.value, c.label, [].concat(value).includes(c.value))));
    if (kind === "choice") return element("select", common, option("", messages.choose, false), ...choices.map((c) => option(c.value, c.label, c.value === [].concat(value)[0])));
    if (kind === "reference") return element("span", {}, element("select", { ...common, "data-lookup": href }, option("", "", false), value ? option(value, labels.get(value) ?? value, true) : null));
    const type = relative.has(op) ? "number" : kind === "date" ? "date" : kind === "instant" ? "datetime-local" : "text";
    const shown = relative.has(op) ? (/^\d+$/.test(value) ? value : "30") : kind === "instant" && value && !/^\d+$/.test(value) ? local(value) : [].concat(value)[0] ?? "";
    const input = element("input", { class: "form-control form-control-sm", "data-value": true, type, inputmode: family(kind) === "number" ? "decimal" : null, min: relative.has(op) ? 0 : null, "aria-label": messages.value, value: shown });
    input.addEventListener("keydown", (event) => { if (event.key === "Enter" && !event.isComposing) { event.preventDefault(); apply(); } });
    return input;
  }

  function read(line) {
    const field = $("select", line).value;
    const op = $("[data-op]", line).value;
    const input = $("[data-value]", line);
    let value = input?.multiple ? [...input.selectedOptions].map((o) => o.value) : input?.value ?? "";
    if (kindOf(field) === "instant" && !relative.has(op) && value && !value.endsWith("Z")) value = new Date(value).toISOString().replace(".000", "");
    if (input?.dataset.lookup && value) labels.set(value, input.selectedOptions[0]?.textContent ?? value);
    return { field, op, value };
  }

  const rows = () => $$(".filter-row", holder).map(read);
  const current = () => (expert ? text.value.trim() : compose(rows(), join.value, kindOf));

  function show() {
    const known = parse(text.value);
    const showable = known && known.rows.every((row) => fieldOf(row.field) && operatorsOf(fieldOf(row.field)).includes(row.op));
    expert = !showable;
    if (showable) {
      holder.replaceChildren();
      join.value = known.join;
      known.rows.forEach(addRow);
      if (known.rows.length === 0 && fields.length) addRow({ field: fields[0].name, op: operatorsOf(fields[0])[0], value: "" });
    }
    mode();
    return showable;
  }
  function mode() {
    $("[data-filter-simple]", panel).hidden = expert;
    $("[data-filter-expert]", panel).hidden = !expert;
    const toggle = $("[data-filter-toggle]", panel);
    toggle.textContent = expert ? toggle.dataset.simple : toggle.dataset.expert;
  }
  // In a form the text is its field; elsewhere it is part of the list's address.
  const form = panel.dataset.filterForm ? document.getElementById(panel.dataset.filterForm) : null;
  const go = (filter) => {
    if (!form) return location.assign(listHref({ filter, view: "" }));
    text.value = filter;
    form.requestSubmit();
  };
  const apply = () => go(current());

  $("[data-filter-add]", panel).addEventListener("click", () => $("select", addRow({ field: fields[0].name, op: operatorsOf(fields[0])[0], value: "" })).focus());
  $("[data-filter-apply]", panel).addEventListener("click", (event) => {
    event.preventDefault();
    apply();
  });
  $("[data-filter-clear]", panel).addEventListener("click", () => go(""));
  $("[data-filter-toggle]", panel).addEventListener("click", () => {
    if (expert) return show();
    text.value = current();
    expert = true;
    mode();
    text.focus();
  });
  show();
  if (panel.querySelector(".field-error")) { expert = true; mode(); }
  chips($("[data-filter-chips]"), text.value, fields, go);
}

/** The active conditions, each with a cross. A condition rows cannot show is one chip. */
function chips(holder, text, fields, go) {
  if (!holder || !text.trim()) return;
  const known = parse(text);
  const chip = (label, title, remove) => element("span", { class: "chip", title }, element("span", {}, label), element("button", { type: "button", class: "icon-button", "aria-label": `${messages.remove}: ${label}`, onclick: remove }, icon("x")));
  if (!known) return holder.append(chip(text, text, () => go("")));
  known.rows.forEach((row, index) => {
    const field = fields.find((f) => f.name === row.field);
    const kind = field?.kind ?? "text";
    const shown = noValue.has(row.op) ? "" : [].concat(row.value).map((v) => field?.choices?.find((c) => c.value === v)?.label ?? labels.get(v) ?? v).join(", ");
    const label = [field?.label ?? row.field, words(kind, row.op), shown].join(" ").trim();
    holder.append(chip(label, label, () => go(compose(known.rows.filter((_, i) => i !== index), known.join, (name) => fields.find((f) => f.name === name)?.kind ?? "text"))));
  });
}
