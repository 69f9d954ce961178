// Selected rows and what may be done with them at once.
import { $, $$, element, messages, on } from "./dom.js";
import { fieldsAt } from "./fields.js";
import { htmx } from "./htmx.js";
import { post } from "./toast.js";

const bar = () => $("[data-bulk]");
const checks = () => $$("[data-check]");
let last = null;

function refresh() {
  if (!bar()) return;
  const chosen = checks().filter((box) => box.checked);
  checks().forEach((box) => box.closest("tr").classList.toggle("selected", box.checked));
  bar().hidden = chosen.length === 0;
  if (chosen.length) offer($("[data-bulk-field]"));
  $("[data-bulk-count]").textContent = messages.selected.replace("{n}", chosen.length);
  const all = $("[data-check-all]");
  if (all) {
    all.checked = chosen.length > 0 && chosen.length === checks().length;
    all.indeterminate = chosen.length > 0 && !all.checked;
  }
}

/** The fields that can be set, once somebody has chosen rows. */
async function offer(select) {
  if (!select || select.dataset.offered) return;
  select.dataset.offered = true;
  const fields = await fieldsAt(select.dataset.fields);
  select.append(...fields.filter((field) => field.bulk).map((field) => element("option", { value: field.name }, field.label)));
}

function selection() {
  const body = new FormData();
  checks().filter((box) => box.checked).forEach((box) => body.append("ids", box.closest("[data-row]").dataset.row));
  return body;
}

on("click", "[data-check]", (event, box) => {
  const all = checks();
  if (event.shiftKey && last && all.includes(last)) {
    const [from, to] = [all.indexOf(last), all.indexOf(box)].sort((a, b) => a - b);
    all.slice(from, to + 1).forEach((other) => (other.checked = box.checked));
  }
  last = box;
  refresh();
});
on("click", "[data-check-all]", (_, box) => {
  checks().forEach((other) => (other.checked = box.checked));
  refresh();
});
on("click", "[data-bulk-clear]", () => {
  checks().forEach((box) => (box.checked = false));
  refresh();
  (last?.isConnected ? last : $("[data-check-all]"))?.focus({ focusVisible: false }); // the bar has gone with the keyboard
});
on("change", "[data-bulk-field]", async (_, select) => {
  const place = $("#bulk-value");
  place.replaceChildren();
  if (select.value) await htmx.ajax("GET", `${$("#list").dataset.list}/bulk/field/${select.value}`, { target: place, swap: "innerHTML" });
  $("[data-bulk-update]").disabled = !select.value;
});
on("click", "[data-bulk-update]", async (_, button) => {
  const body = selection();
  for (const [name, value] of new FormData(bar())) body.append(name, value);
  button.disabled = true;
  await post(`${$("#list").dataset.list}/bulk/update`, body);
  button.disabled = false;
});
on("click", "[data-bulk-delete]", () => post(`${$("#list").dataset.list}/bulk/delete`, selection()));
on("submit", "[data-bulk]", (event) => {
  event.preventDefault();
  $("[data-bulk-update]")?.click();
});
document.addEventListener("list-shown", refresh);
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && bar() && !bar().hidden && !event.target.closest?.("dialog, details, [data-cell-form]")) $("[data-bulk-clear]").click();
});
