// Menus are <details>: close on a click elsewhere or Escape, one at a time, kept inside the window. Also dialogs and the phone's navigation drawer.
import { $, $$, on } from "./dom.js";

const close = (menu, refocus) => {
  menu.open = false;
  if (refocus) $("summary", menu).focus();
};

document.addEventListener("click", (event) => {
  if (!document.contains(event.target)) return;
  $$("details[data-menu][open]").filter((menu) => !menu.contains(event.target)).forEach((menu) => close(menu));
});
document.addEventListener("toggle", (event) => {
  const menu = event.target;
  if (!(menu instanceof HTMLDetailsElement) || !menu.matches("[data-menu]") || !menu.open) return;
  const panel = $(".menu-panel", menu);
  panel.classList.toggle("menu-end", panel.classList.contains("menu-end") || panel.getBoundingClientRect().right > innerWidth - 8);
  if (panel.getBoundingClientRect().left < 8) panel.classList.remove("menu-end");
}, true);

document.addEventListener("keydown", (event) => {
  const menu = event.target instanceof Element ? event.target.closest("details[data-menu][open]") : null;
  if (!menu) return;
  if (event.key === "Escape") {
    close(menu, true);
    event.stopPropagation();
  }
  if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
  const items = $$(".menu-item", menu);
  if (items.length === 0) return;
  const next = items.indexOf(document.activeElement) + (event.key === "ArrowDown" ? 1 : -1);
  items.at(next % items.length)?.focus();
  event.preventDefault();
});

on("click", "[data-dialog-open]", (_, button) => $(`#${button.dataset.dialogOpen}`).showModal());
on("click", "[data-dialog-close]", (_, button) => button.closest("dialog").close());
on("click", "dialog", (event, dialog) => { if (event.target === dialog) dialog.close(); });
export function showHelp() {
  const help = $("#key-help");
  help?.showModal();
  help?.focus();
}
on("click", "[data-help-open]", showHelp);
on("click", "[data-nav-toggle]", () => {
  const open = document.documentElement.classList.toggle("nav-open");
  $(".topbar [data-nav-toggle]").setAttribute("aria-expanded", open);
});
