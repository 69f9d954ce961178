// Editing a value in place: double click or Enter; Enter or leaving saves, Escape restores.
// A record page's value says its address (data-edit); a list's cell (td.e) has it from its row and its column.
import { $, $$, on } from "./dom.js";
import { htmx } from "./htmx.js";

const before = new Map(); // address of the value → what it looked like

/** A list's cell becomes a value that can be swapped. */
function held(cell) {
  if (cell.dataset.edit) return cell;
  const inside = $("[data-edit]", cell);
  if (inside) return inside;
  const value = document.createElement("div");
  const field = cell.closest("table").tHead.rows[0].cells[cell.cellIndex].dataset.name;
  value.className = "cell-edit";
  value.dataset.edit = `${$(".row-title", cell.parentElement).getAttribute("href")}/field/${field}`;
  value.tabIndex = -1;
  value.append(...cell.childNodes);
  cell.append(value);
  return value;
}

function open(place) {
  const cell = held(place);
  before.set(cell.dataset.edit, cell.outerHTML);
  htmx.ajax("GET", cell.dataset.edit, { target: cell, swap: "outerHTML" });
}

function restore(form) {
  const holder = document.createElement("template");
  holder.innerHTML = before.get(form.getAttribute("hx-patch")) ?? "";
  const cell = holder.content.firstElementChild;
  if (!cell) return;
  form.replaceWith(cell);
  htmx.process(cell);
  returnTo(cell);
}

/** The keyboard goes on where the value stands. */
function returnTo(value) {
  const place = value.closest("td.e") ?? value;
  if (place !== value) place.tabIndex = -1;
  place.focus();
}

const content = (form) => new URLSearchParams(new FormData(form)).toString();

// A link inside the value waits a moment, so that a double click on it edits instead of leaving.
let leaving;
on("click", "[data-edit] a, td.e a", (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.detail === 0) return;
  event.preventDefault();
  clearTimeout(leaving);
  if (event.detail === 1) leaving = setTimeout(() => (link.target === "_blank" ? window.open(link.href, "_blank", "noopener") : location.assign(link.href)), 250);
});
on("dblclick", "[data-edit], td.e", (event, cell) => {
  if (event.target.closest("[data-cell-form]")) return;
  clearTimeout(leaving);
  getSelection()?.removeAllRanges();
  open(cell);
});
on("keydown", "[data-edit], td.e", (event, cell) => {
  if (event.key !== "Enter" || event.target !== cell) return;
  event.preventDefault();
  open(cell);
});

// Arrows walk the cells of a list that can be edited; Tab would need hundreds of stops to get through one.
const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
on("keydown", "tr[data-row]", (event, row) => {
  const step = steps[event.key];
  if (!step || event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || !event.target.matches("tr, td.e")) return;
  const own = $$("td.e", row);
  const at = own.indexOf(event.target);
  const beside = step[1] > 0 ? row.nextElementSibling : step[1] < 0 ? row.previousElementSibling : null;
  const cell = step[0] ? own[at + step[0]] : at < 0 ? null : $$("td.e", beside ?? row)[at];
  if (step[1] && at < 0) return;
  event.preventDefault();
  if (!cell) return at === 0 && step[0] < 0 ? row.focus() : undefined;
  cell.tabIndex = -1;
  cell.focus();
});

document.addEventListener("htmx:load", (event) => {
  const form = event.detail.elt.closest?.("[data-cell-form]") ?? $("[data-cell-form]", event.detail.elt);
  if (!form || form.dataset.started) return;
  form.dataset.started = content(form);
  setTimeout(() => {
    const input = $(".ts-control input, input:not([type=hidden]), select, textarea", form);
    input?.focus();
    if (input?.select && input.type !== "checkbox") input.select();
  });
});
on("change", "[data-cell-form] select, [data-cell-form] input[type=checkbox]", (_, input) => {
  if (!input.closest(".input-money")) input.form.requestSubmit();
});
on("keydown", "[data-cell-form]", (event, form) => {
  if (event.key === "Escape") {
    event.stopPropagation();
    restore(form);
  } else if (event.key === "Enter" && event.target.matches("textarea") && (event.ctrlKey || event.metaKey)) form.requestSubmit();
});
on("focusout", "[data-cell-form]", (event, form) => {
  setTimeout(() => {
    if (!form.isConnected || form.contains(document.activeElement) || form.classList.contains("htmx-request")) return;
    content(form) === form.dataset.started ? restore(form) : form.requestSubmit();
  }, 120);
});
document.addEventListener("htmx:afterRequest", (event) => {
  const form = event.detail.elt;
  if (!form.matches?.("[data-cell-form]")) return;
  const status = event.detail.xhr.status;
  if (status === 200) document.body.dispatchEvent(new CustomEvent("record-changed", { bubbles: true }));
  else if (status !== 422) restore(form);
});
// The value is back, saved; who left the input for another place stays there.
document.addEventListener("htmx:load", (event) => {
  const value = event.detail.elt;
  if (value.matches?.("[data-edit]") && before.delete(value.dataset.edit) && document.activeElement === document.body) returnTo(value);
});
