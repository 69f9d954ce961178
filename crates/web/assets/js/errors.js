// What went wrong, said to the reader.
import { messages } from "./dom.js";

/** The reason in a problem+json answer, or a general sentence. */
export function errorText(status, body) {
  if (status === 401) return messages.session_ended;
  try {
    const problem = JSON.parse(body);
    const text = problem.detail ?? problem.title;
    if (text) return text;
  } catch { /* not JSON: an error page */ }
  return messages.server_error.replace("{status}", status);
}
