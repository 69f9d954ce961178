// What the fields of a list are: asked for once, when the filter, the columns or the bulk bar need it. The address changes with the answer, so browsers keep it.
import { messages } from "./dom.js";
import { toast } from "./toast.js";

const asked = new Map();

/** [{name, label, kind, choices, lookup, bulk}] */
export function fieldsAt(href) {
  if (!asked.has(href)) asked.set(href, ask(href));
  return asked.get(href);
}

async function ask(href) {
  try {
    const answer = await fetch(href, { headers: { accept: "application/json" } });
    if (answer.ok) return (await answer.json()).fields;
  } catch { /* said below */ }
  asked.delete(href);
  toast({ kind: "error", text: messages.network_error });
  return [];
}
