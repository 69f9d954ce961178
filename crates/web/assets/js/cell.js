// Editing a value in place: double click or Enter; Enter or leaving saves, Escape restores.
import { $, on } from "./dom.js";
import { htmx } from "./htmx.js";

const before = new Map(); // address of the value → what it looked like

function open(cell) {
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
  cell.focus();
}

const content = (form) => new URLSearchParams(new FormData(form)).toString();

// A link inside the value waits a moment, so that a double click on it edits instead of leaving.
let leaving;
on("click", "[data-edit] a", (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.detail === 0) return;
  event.preventDefault();
  clearTimeout(leaving);
  if (event.detail === 1) leaving = setTimeout(() => (link.target === "_blank" ? window.open(link.href, "_blank", "noopener") : location.assign(link.href)), 250);
});
on("dblclick", "[data-edit]", (_, cell) => {
  clearTimeout(leaving);
  getSelection()?.removeAllRanges();
  open(cell);
});
on("keydown", "[data-edit]", (event, cell) => {
  if (event.key !== "Enter" || event.target !== cell) return;
  event.preventDefault();
  event.stopPropagation();
  open(cell);
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
