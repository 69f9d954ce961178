// A file by click or by dropping it on the zone; its name is shown.
import { $, each } from "./dom.js";

each("[data-drop]", (zone) => {
  const input = $("input[type=file]", zone);
  const place = $("[data-drop-name]", zone);
  const show = () => { if (place && input.files.length) place.textContent = [...input.files].map((file) => file.name).join(", "); };
  for (const type of ["dragenter", "dragover", "dragleave", "drop"]) {
    zone.addEventListener(type, (event) => {
      event.preventDefault();
      zone.classList.toggle("over", type === "dragenter" || type === "dragover");
    });
  }
  zone.addEventListener("drop", (event) => {
    input.files = event.dataTransfer.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", show);
  show();
});
