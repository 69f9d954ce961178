// htmx with server-sent events; its errors become toasts.
import htmx from "htmx.org";
import "htmx-ext-sse";
import { $$, messages } from "./dom.js";
import { errorText } from "./errors.js";
import { toast } from "./toast.js";

window.htmx = htmx;

document.addEventListener("htmx:responseError", (event) => toast({ kind: "error", text: errorText(event.detail.xhr.status, event.detail.xhr.responseText) }));
document.addEventListener("htmx:sendError", () => toast({ kind: "error", text: messages.network_error }));

// A stream of news ends when the server starts anew, the record is gone or the page is left, and is opened again: no error to tell the console,
// which the extension does of whatever its handler is given.
htmx.createEventSource = (url) => {
  const source = new EventSource(url, { withCredentials: true });
  Object.defineProperty(source, "onerror", { set: (handle) => source.addEventListener("error", () => handle()) });
  return source;
};

// News swaps a part of the page under whoever works in it: the keyboard goes on at the same place of what came. What was opened there is
// closed again, so that of its inside the place is what opens it; what is hidden takes no keyboard.
const stops = (part) => $$("a[href], button, summary, input, select, textarea, [tabindex]", part).filter((at) => at.checkVisibility() && !at.matches(":disabled") && !at.closest("details > :not(summary)"));
let place = null;
document.addEventListener("htmx:beforeSwap", ({ detail: { target, requestConfig } }) => {
  const at = document.activeElement?.closest("details > :not(summary)")?.parentElement.querySelector("summary") ?? document.activeElement;
  const index = stops(target).indexOf(at);
  place = index >= 0 && requestConfig.triggeringEvent?.type.startsWith("sse:") ? { part: target.id, index, name: at.getAttribute("aria-label") ?? at.textContent } : null;
});
document.addEventListener("htmx:afterSwap", () => {
  if (place && (document.activeElement === document.body || !document.activeElement)) {
    const came = stops(document.getElementById(place.part));
    const same = came.filter((at) => (at.getAttribute("aria-label") ?? at.textContent) === place.name);
    ((same.length === 1 ? same[0] : came[place.index]) ?? came.at(-1))?.focus({ preventScroll: true });
  }
  place = null;
});
export { htmx };
