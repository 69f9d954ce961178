// A list's body follows its address: quick search and sorting swap #list-body, count and actions out of the page the server sends.
import { $, $$, each, isTyping, messages, on } from "./dom.js";
import { errorText } from "./errors.js";
import { htmx } from "./htmx.js";
import { toast } from "./toast.js";

const parts = ["list-body", "count", "list-actions"];
let request = new AbortController();
const here = () => location.pathname + location.search;
let shown = here();

/** Shows the list at `href`; `how` is "push", "replace" or "stay" (address). */
export async function showList(href, how) {
  request.abort();
  request = new AbortController();
  let response, text;
  try {
    response = await fetch(href, { signal: request.signal, headers: { accept: "text/html" } });
    text = await response.text();
  } catch (error) {
    if (error.name !== "AbortError") toast({ kind: "error", text: messages.network_error });
    return;
  }
  if (!response.ok) return toast({ kind: "error", text: errorText(response.status, text) });
  const page = new DOMParser().parseFromString(text, "text/html");
  if (!page.getElementById("list-body")) return location.assign(href);
  for (const id of parts) {
    const fresh = page.getElementById(id);
    const old = document.getElementById(id);
    if (fresh && old) {
      old.replaceWith(fresh);
      htmx.process(fresh);
    }
  }
  if (how !== "stay") history[`${how}State`]({}, "", href);
  shown = here();
  $("#list")?.dispatchEvent(new CustomEvent("list-shown", { bubbles: true }));
  fit();
}

/** The address of this list with other parameters; empty ones leave it. */
export function listHref(changes) {
  const url = new URL(location.href);
  url.searchParams.delete("after");
  for (const [name, value] of Object.entries(changes)) value ? url.searchParams.set(name, value) : url.searchParams.delete(name);
  return url.pathname + url.search;
}

/** What every row has, and the page therefore does not say fifty times: arrows move to it, and its box says what it selects. */
function furnish(table) {
  for (const row of $$("[data-row]:not([tabindex])", table)) {
    row.tabIndex = -1;
    $("[data-check]", row).ariaLabel = table.dataset.select.replace("{title}", () => $(".row-title", row).textContent);
  }
}

/** On a phone rows are cards, whose values say which column they are. */
function label(table) {
  if (innerWidth >= 768) return;
  const heads = [...table.tHead.rows[0].cells].map((head) => head.textContent.trim());
  for (const cell of $$("[data-row] > td:not([data-label])", table)) if (cell.cellIndex > 1) cell.dataset.label = heads[cell.cellIndex];
}

/** A table too wide for the page scrolls by itself; otherwise its head stays in view. */
function fit() {
  const list = $("#list");
  const table = list && $("table.grid", list);
  if (!table) return;
  furnish(table);
  label(table);
  list.classList.remove("wide");
  list.classList.toggle("wide", innerWidth >= 768 && table.offsetWidth > table.parentElement.clientWidth + 1);
}

if ($("#list")) {
  let waiting;
  on("input", "[data-quick-search]", (event, input) => {
    if (event.isComposing) return;
    clearTimeout(waiting);
    waiting = setTimeout(() => showList(listHref({ q: input.value.trim() }), "replace"), 250);
  });
  on("compositionend", "[data-quick-search]", (_, input) => showList(listHref({ q: input.value.trim() }), "replace"));
  on("submit", ".quick-search", (event, form) => {
    event.preventDefault();
    showList(listHref({ q: new FormData(form).get("q").trim() }), "replace");
  });
  on("click", "[data-list-link]", (event, link) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    showList(link.getAttribute("href"), "push");
  });
  document.addEventListener("list-changed", () => showList(listHref({}), "stay"));
  // The link that skips to the content moves within the page, which is no other list.
  addEventListener("popstate", () => { if (here() !== shown) location.reload(); });
  addEventListener("resize", fit);
  document.addEventListener("htmx:load", fit); // more rows
  fit();
}

// On a phone the whole card opens the record.
on("click", "tr[data-href], tr[data-row]", (event, row) => {
  if (innerWidth < 768 && !event.target.closest("a, button, input, select, label, form") && !isTyping(event.target)) location.assign(row.dataset.href ?? $(".row-title", row).href);
});
each("[data-view-query]", (input) => {
  input.form.addEventListener("submit", () => (input.value = new URL(listHref({ view: "" }), location.href).search.slice(1)));
});
