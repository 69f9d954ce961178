// htmx with server-sent events; its errors become toasts.
import htmx from "htmx.org";
import "htmx-ext-sse";
import { messages } from "./dom.js";
import { errorText } from "./errors.js";
import { toast } from "./toast.js";

window.htmx = htmx;

document.addEventListener("htmx:responseError", (event) => toast({ kind: "error", text: errorText(event.detail.xhr.status, event.detail.xhr.responseText) }));
document.addEventListener("htmx:sendError", () => toast({ kind: "error", text: messages.network_error }));
export { htmx };
