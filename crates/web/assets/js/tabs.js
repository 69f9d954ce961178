// Tabs of a record: the one that was clicked is the open one; htmx brings its content.
import { $$, on } from "./dom.js";

on("click", "[data-tabs] a", (_, tab) => {
  for (const one of $$("a", tab.closest("[data-tabs]"))) {
    one.classList.toggle("active", one === tab);
    one === tab ? one.setAttribute("aria-current", "true") : one.removeAttribute("aria-current");
  }
});
