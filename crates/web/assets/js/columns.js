// Which columns, in which order: ticked and dragged, kept in the address.
import Sortable from "sortablejs";
import { $, $$, each } from "./dom.js";
import { listHref } from "./list.js";

each("[data-columns]", (menu) => {
  const list = $("[data-column-list]", menu);
  Sortable.create(list, { handle: ".drag", animation: 120 });
  $("[data-columns-apply]", menu).addEventListener("click", () => {
    const chosen = $$("li", list).filter((row) => $("input", row).checked).map((row) => row.dataset.column);
    location.assign(listHref({ columns: chosen.join(",") }));
  });
  $("[data-columns-reset]", menu).addEventListener("click", () => location.assign(listHref({ columns: "" })));
});
