// Lines of an order in its form: add, remove, running totals. The server computes the totals that count.
import { $, $$, each, language } from "./dom.js";
import { lookup } from "./lookup.js";

const cents = (x) => Math.round((x + Number.EPSILON) * 100) / 100;

each("[data-lines]", (box) => {
  const name = box.dataset.lines;
  const totals = JSON.parse(box.dataset.totals);
  const money = new Intl.NumberFormat(language, { style: "currency", currencyDisplay: "narrowSymbol", currency: box.dataset.currency || "CNY" });
  const body = $("[data-line-body]", box);
  let next = $$("[data-line]", body).length;

  const number = (line, field) => {
    const input = field && $$(`[name^="${name}["]`, line).find((one) => one.name.endsWith(`].${field}`));
    const value = Number((input?.value ?? "").replace(/[,\s%]/g, ""));
    return Number.isFinite(value) ? value : 0;
  };
  function recompute() {
    let net = 0, tax = 0;
    for (const line of $$("[data-line]", body)) {
      const full = number(line, totals.quantity) * number(line, totals.price);
      const discount = number(line, totals.discount);
      const amount = cents(totals.discount_percent ? full * (1 - discount / 100) : full - discount);
      net += amount;
      tax += cents(totals.tax_percent ? (amount * number(line, totals.tax)) / 100 : number(line, totals.tax));
      // Lines without a price have no amounts.
      const place = $("[data-line-amount]", line);
      if (place) place.textContent = money.format(amount);
    }
    for (const [key, value] of Object.entries({ net, tax, gross: net + tax })) {
      const place = $(`[data-total="${key}"]`, box);
      if (place) place.textContent = money.format(value);
    }
    $("[data-line-add]", box).disabled = $$("[data-line]", body).length >= Number(box.dataset.maxRows);
  }
  function add() {
    const holder = document.createElement("template");
    holder.innerHTML = $("[data-line-blank]", box).innerHTML.replaceAll("__i__", next++);
    const line = holder.content.querySelector("[data-line]");
    body.append(line);
    $$("select[data-lookup]", line).forEach(lookup);
    recompute();
    return line;
  }
  $("[data-line-add]", box).addEventListener("click", () => $("input:not([type=hidden]), select", add()).focus());
  box.addEventListener("click", (event) => {
    const line = event.target.closest("[data-line-remove]")?.closest("[data-line]");
    if (!line) return;
    if (line.nextElementSibling?.matches(".line-error")) line.nextElementSibling.remove();
    line.remove();
    box.dispatchEvent(new Event("change", { bubbles: true }));
    if (!$("[data-line]", body)) add();
    recompute();
  });
  box.addEventListener("input", recompute);
  if (next === 0) add();
  recompute();
});
