// Forms: first error gets the keyboard, Ctrl/⌘-Enter saves, no double sending, a warning before unsaved work is left.
import { $, each } from "./dom.js";

each("[data-form]", (form) => {
  let dirty = false;
  const target = $("[aria-invalid=true]", form) ?? $(".form-grid .form-control:not([readonly])", form);
  if (innerWidth >= 768 || $("[aria-invalid=true]", form)) target?.focus();
  form.addEventListener("input", () => (dirty = true));
  form.addEventListener("change", () => (dirty = true));
  form.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  form.addEventListener("submit", () => {
    dirty = false;
    setTimeout(() => $("[type=submit]", form).setAttribute("disabled", ""));
  });
  addEventListener("pageshow", () => $("[type=submit]", form).removeAttribute("disabled"));
  addEventListener("beforeunload", (event) => { if (dirty) event.preventDefault(); });
});
