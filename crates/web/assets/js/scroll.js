// A table that scrolls sideways and holds nothing to focus could not be scrolled with the keyboard: it takes the focus itself.
import { $, each } from "./dom.js";

const FOCUSABLE = "a[href], button, input, select, textarea, summary";

const sized = new ResizeObserver((entries) => {
  for (const { target } of entries) {
    const scrolls = target.scrollWidth > target.clientWidth && !$(FOCUSABLE, target);
    scrolls ? target.setAttribute("tabindex", "0") : target.removeAttribute("tabindex");
  }
});

// Those that name themselves as regions have their place in the order already.
each(".table-wrap:not([tabindex])", (table) => sized.observe(table));
