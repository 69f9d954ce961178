// Keys: c create, e edit, / search, j/k move, Enter open or edit, x select, ? help. Not while typing, not with a modifier.
import { $, $$, isTyping } from "./dom.js";
import { showHelp } from "./menu.js";
import { openPalette } from "./palette.js";

const rows = () => $$("[data-row]");
const current = () => $("[data-row].current");
const hrefOf = (row) => $(".row-title", row).href;

function move(step) {
  const all = rows();
  if (all.length === 0) return;
  const next = all[Math.min(all.length - 1, Math.max(0, all.indexOf(current()) + step))];
  current()?.classList.remove("current");
  next.classList.add("current");
  next.focus({ preventScroll: true });
  next.scrollIntoView({ block: "nearest" });
}

function create() {
  const link = $("[data-create]");
  if (link) return link.click();
  const menu = $('summary[data-key="c"]');
  menu?.click();
  menu?.parentElement.querySelector(".menu-item")?.focus();
}

const edit = () => {
  const link = $('a[data-key="e"]');
  if (link) link.click();
  else if (current()) location.assign(`${hrefOf(current())}/edit`);
};

const search = () => {
  const quick = $("[data-quick-search]");
  if (quick) quick.select();
  else openPalette();
};

const actions = {
  c: create,
  e: edit,
  "/": search,
  j: () => move(1),
  k: () => move(-1),
  x: () => $("[data-check]", current() ?? document)?.click(),
  "?": showHelp,
};

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented || isTyping(event.target) || $("dialog[open]")) return;
  if (event.key === "Enter" && event.target.matches?.("[data-row]")) return location.assign(hrefOf(event.target));
  const action = actions[event.key];
  if (!action || (event.key === "x" && !current())) return;
  event.preventDefault();
  action();
});
