// htmx with server-sent events; its errors become toasts.
import htmx from "htmx.org";
import "htmx-ext-sse";
import { $$, messages } from "./dom.js";
import { errorText } from "./errors.js";
import { toast } from "./toast.js";

window.htmx = htmx;

document.addEventListener("htmx:responseError", (event) => toast({ kind: "error", text: errorText(event.detail.xhr.status, event.detail.xhr.responseText) }));
document.addEventListener("htmx:sendError", () => toast({ kind: "error", text: messages.network_error }));

// News swaps a part of the page under whoever works in it: the keyboard goes on at the same place of what came.
const stops = (part) => $$("a[href], button, summary, input, select, textarea, [tabindex]", part);
let place = null;
document.addEventListener("htmx:beforeSwap", ({ detail: { target, requestConfig } }) => {
  const at = stops(target).indexOf(document.activeElement);
  place = at >= 0 && requestConfig.triggeringEvent?.type.startsWith("sse:") ? { part: target.id, at } : null;
});
document.addEventListener("htmx:afterSwap", () => {
  if (place && !stops(document).includes(document.activeElement)) stops(document.getElementById(place.part))[place.at]?.focus({ preventScroll: true });
  place = null;
});
export { htmx };
