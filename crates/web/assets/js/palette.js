// Command palette: Ctrl/⌘-K, arrows, Enter, Escape. htmx fetches the results.
import { $, $$, on } from "./dom.js";
import { htmx } from "./htmx.js";

const dialog = $("#palette");

export function openPalette() {
  if (!dialog || dialog.open) return;
  dialog.showModal();
  const input = $("input", dialog);
  input.select();
  htmx.trigger(input, "palette-open");
}

function choose(step) {
  const items = $$(".palette-item", dialog);
  if (items.length === 0) return;
  const current = items.findIndex((item) => item.getAttribute("aria-selected") === "true");
  mark(items, (current + step + items.length) % items.length);
}

function mark(items, index) {
  items.forEach((item, i) => item.setAttribute("aria-selected", i === index));
  items[index].scrollIntoView({ block: "nearest" });
  $("input", dialog).setAttribute("aria-activedescendant", items[index].id);
}

if (dialog) {
  const isMac = /Mac|iPhone|iPad/.test(navigator.platform);
  if (isMac) {
    $$("[data-mod-key]").forEach((key) => (key.textContent = "⌘ K"));
    $$("[data-mod-enter]").forEach((key) => (key.textContent = "⌘ ↵"));
  }
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "k") {
      event.preventDefault();
      dialog.open ? dialog.close() : openPalette();
    }
  });
  on("click", "[data-palette-open]", openPalette);
  dialog.addEventListener("keydown", (event) => {
    if (event.isComposing) return; // Enter chooses a Chinese word here, not a result
    if (event.key === "ArrowDown" || event.key === "ArrowUp") choose(event.key === "ArrowDown" ? 1 : -1);
    // Results that have just come are not marked yet: the first is meant.
    else if (event.key === "Enter") ($('.palette-item[aria-selected="true"]', dialog) ?? $(".palette-item", dialog))?.click();
    else return;
    event.preventDefault();
  });
  $("#palette-results").addEventListener("htmx:afterSettle", () => {
    const items = $$(".palette-item", dialog);
    if (items.length) mark(items, 0);
  });
}
