// The explorer. Everything is a button of the form; here: dragging fields onto shelves, searching the long list, asking again when a choice changes, and the dialog behind a figure.
import Sortable from "sortablejs";
import { $, $$, each, element, on } from "./dom.js";
import { htmx } from "./htmx.js";

const form = () => $("#explore");
const ask = () => form()?.requestSubmit();

on("change", "[data-ask]", (_, input) => {
  const days = $("[data-days]");
  if (input.name === "period" && input.value === "between") {
    days.hidden = false;
    if (!$("#explore-from").value || !$("#explore-to").value) return $("#explore-from").focus();
  }
  input.form.requestSubmit();
});
on("change", "[data-ask-days]", (_, input) => {
  if ($("#explore-from").value && $("#explore-to").value) input.form.requestSubmit();
});

// The tiles of a dashboard being edited.
on("change", "[data-tile-width]", (_, input) => input.form.requestSubmit());
each("[data-tile-list]", (list) => {
  Sortable.create(list, { draggable: "[data-tile]", handle: ".drag", animation: 120, forceFallback: true, fallbackTolerance: 4, onUpdate: () => list.closest("form").requestSubmit() });
});

// Dragging: a chip's hidden field is its place in the question, so moving it is all there is to do.
each("[data-shelf]", (shelf) => {
  const fits = (item) => (shelf.dataset.shelf === "m") === ((item.dataset.kind ?? $("input", item)?.name) === "m");
  Sortable.create(shelf, {
    group: { name: "shelves", put: (_, __, item) => fits(item) }, draggable: "[data-chip]", filter: "button", preventOnFilter: false,
    animation: 120, delay: 150, delayOnTouchOnly: true, forceFallback: true, fallbackTolerance: 4,
    onAdd: ({ item }) => {
      if (item.dataset.field) item.replaceChildren(element("input", { type: "hidden", name: shelf.dataset.shelf, value: item.dataset.field }));
      else $("input", item).name = shelf.dataset.shelf;
      ask();
    },
    onUpdate: ask,
  });
});
each("[data-fields-of]", (list) => {
  Sortable.create(list, {
    group: { name: "shelves", pull: "clone", put: false }, sort: false, draggable: "[data-field]:not(.unfit)",
    animation: 120, delay: 150, delayOnTouchOnly: true, forceFallback: true, fallbackOnBody: true, fallbackTolerance: 4,
    onStart: () => $("[data-explore]").classList.add("dragging"),
    onEnd: () => $("[data-explore]").classList.remove("dragging"),
  });
});

// The list of fields is written anew with every step: what was open, where it stood and what was searched stay.
const opened = new Map();
let place = 0;
on("click", "[data-field-group] > summary", (_, summary) => { if (!$("[data-field-search]").value) opened.set(summary.parentElement.id, !summary.parentElement.open); });
document.addEventListener("htmx:beforeSwap", ({ detail }) => {
  if (detail.target.id === "builder") place = $(".explore-fields").scrollTop;
});
each("#builder .explore-fields", (fields) => {
  for (const group of $$("[data-field-group]", fields)) {
    if (!opened.has(group.id)) opened.set(group.id, group.open);
    group.open = opened.get(group.id);
  }
  if (matchMedia("(width < 1000px)").matches) $("[data-fields-fold]", fields).open = false;
  fields.scrollTop = place;
  search();
});

function search() {
  const input = $("[data-field-search]");
  if (!input) return;
  const words = input.value.trim().toLowerCase().split(/\s+/).filter(Boolean);
  let found = 0;
  for (const group of $$("[data-field-group]")) {
    let here = 0;
    for (const field of $$("[data-field]", group)) {
      const fits = words.every((word) => field.dataset.words.includes(word));
      field.hidden = !fits;
      here += fits;
    }
    group.hidden = words.length > 0 && here === 0;
    if (words.length) group.open = here > 0;
    else group.open = opened.get(group.id);
    found += here;
  }
  $("[data-field-none]").hidden = found > 0;
}
on("input", "[data-field-search]", search);

/** What is behind a figure opens beside the table; with a modifier it is a page of its own. */
async function open(href) {
  const dialog = $("#cell-dialog");
  if (!dialog) return location.assign(href);
  await htmx.ajax("GET", href, { target: "#cell-body", swap: "innerHTML" });
  if (!dialog.open) dialog.showModal();
}
on("click", "a[data-cell]", (event, link) => {
  if (event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
  event.preventDefault();
  open(link.href);
});
document.addEventListener("chart-open", (event) => {
  if (!$("#cell-dialog") || !event.detail.includes("/explore/cell?")) return;
  event.preventDefault();
  open(event.detail);
});
