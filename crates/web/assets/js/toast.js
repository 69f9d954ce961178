// Short notes at the lower edge, with undo. The server sends them by the response header HX-Trigger: {"toast": {kind, text, undo_href}}.
import { errorText } from "./errors.js";
import { $, $$, csrf, element, icon, messages, on } from "./dom.js";

const shown_ms = 8000;

export function toast({ kind = "info", text, undo_href }) {
  const note = element("div", { class: `toast-note toast-${kind}`, "data-toast": true, role: kind === "error" ? "alert" : null }, element("span", {}, text),
    undo_href ? element("button", { type: "button", class: "link-button", onclick: () => { note.remove(); post(undo_href); } }, messages.undo) : null,
    element("button", { type: "button", class: "icon-button", "data-toast-close": true, "aria-label": messages.close }, icon("x")));
  $("#toasts").append(note);
  expire(note);
}

function expire(note) {
  setTimeout(function remove() {
    if (note.matches(":hover, :focus-within")) setTimeout(remove, 1000);
    else note.remove();
  }, shown_ms);
}

/** POSTs as htmx would, and acts on the HX-Trigger header. Answers whether it went well. */
export async function post(href, body = new FormData()) {
  let response;
  try {
    response = await fetch(href, { method: "POST", body: new URLSearchParams(body), headers: { "x-csrf-token": csrf(), "HX-Request": "true" } });
  } catch {
    toast({ kind: "error", text: messages.network_error });
    return false;
  }
  if (!response.ok) {
    toast({ kind: "error", text: errorText(response.status, await response.text()) });
    return false;
  }
  announce(response);
  if (response.redirected) location.assign(response.url);
  return true;
}

/** Acts on the HX-Trigger header as htmx would. */
export function announce(response) {
  const events = JSON.parse(response.headers.get("HX-Trigger") ?? "{}");
  for (const [name, detail] of Object.entries(events)) document.body.dispatchEvent(new CustomEvent(name, { bubbles: true, detail }));
}

document.addEventListener("toast", (event) => toast(event.detail));
on("click", "[data-toast-close]", (_, button) => button.closest("[data-toast]").remove());
$$("[data-toast]").forEach(expire);
