// Which columns, in which order: ticked, and dragged or moved with Alt and an arrow; kept in the address.
import Sortable from "sortablejs";
import { $, $$, each, element, icon } from "./dom.js";
import { fieldsAt } from "./fields.js";
import { listHref } from "./list.js";

const row = (field, chosen) => element("li", { "data-column": field.name },
  element("span", { class: "drag", "aria-hidden": "true" }, icon("grip-vertical")),
  element("label", {}, element("input", { type: "checkbox", class: "form-check-input", checked: chosen }), ` ${field.label}`));

each("[data-columns]", (menu) => {
  const list = $("[data-column-list]", menu);
  const chosen = menu.dataset.columns.split(",");
  menu.addEventListener("toggle", async () => {
    if (!menu.open || list.children.length) return;
    const fields = await fieldsAt(menu.dataset.fields);
    const place = (field) => (chosen.includes(field.name) ? chosen.indexOf(field.name) : chosen.length);
    const ordered = fields.toSorted((a, b) => place(a) - place(b));
    list.replaceChildren(...ordered.map((field) => row(field, chosen.includes(field.name))));
    $("input", list)?.focus({ focusVisible: false });
  });
  Sortable.create(list, { handle: ".drag", animation: 120 });
  list.addEventListener("keydown", (event) => {
    if (!event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key)) return;
    event.preventDefault();
    event.stopPropagation();
    const moved = event.target.closest("li");
    event.key === "ArrowUp" ? moved.previousElementSibling?.before(moved) : moved.nextElementSibling?.after(moved);
    event.target.focus();
  });
  $("[data-columns-apply]", menu).addEventListener("click", () => {
    if (!list.children.length) return;
    const wanted = $$("li", list).filter((one) => $("input", one).checked).map((one) => one.dataset.column);
    location.assign(listHref({ columns: wanted.join(",") }));
  });
  $("[data-columns-reset]", menu).addEventListener("click", () => location.assign(listHref({ columns: "" })));
});
