// A board: cards are put into another column by dragging, by Shift and an arrow, or from a menu. The server decides: a refusal brings the card back and says why.
import Sortable from "sortablejs";
import { $, $$, csrf, language, messages, on } from "./dom.js";
import { errorText } from "./errors.js";
import { htmx } from "./htmx.js";
import { listHref, showList } from "./list.js";
import { announce, toast } from "./toast.js";

const board = () => $("[data-board]");
const columns = () => $$("[data-column]", board());
const cardsOf = (column) => $$("[data-row]", column);
const listOf = (column) => $(".board-cards", column);
const dialog = $("#move-dialog");
let after = null; // what stood below the card that is being dragged

function begin() {
  if (!board()) return;
  for (const column of columns()) {
    Sortable.create(listOf(column), {
      group: "board", draggable: "[data-row]:has([data-move])", sort: false, animation: 120, delay: 200, delayOnTouchOnly: true, forceFallback: true, fallbackTolerance: 4, scrollSensitivity: 80,
      onStart: ({ item }) => (after = item.nextElementSibling),
      onEnd: ({ item, from, to }) => { if (from !== to) put(item, to.closest("[data-column]"), from.closest("[data-column]"), after); },
    });
  }
}

function count(column, step) {
  const shown = $("[data-count]", column);
  if (!shown || shown.hasAttribute("data-capped")) return;
  shown.dataset.count = Number(shown.dataset.count) + step;
  shown.textContent = new Intl.NumberFormat(language).format(shown.dataset.count);
}

/** Asks the server to put `card`, which is `from` the one column (before `next`), into the other. */
async function put(card, to, from, next) {
  const back = () => listOf(from).insertBefore(card, next?.isConnected ? next : $(".board-more", from));
  let response, text;
  try {
    const body = new URLSearchParams({ column: to.dataset.column, version: card.dataset.version, columns: board().dataset.shown });
    response = await fetch(`${board().dataset.put}/${card.dataset.row}/column`, { method: "POST", body, headers: { "x-csrf-token": csrf(), "HX-Request": "true" } });
    text = await response.text();
  } catch {
    back();
    return toast({ kind: "error", text: messages.network_error });
  }
  if (!response.ok) {
    back();
    card.classList.add("board-refused");
    toast({ kind: "error", text: errorText(response.status, text) });
    if (response.status === 409) showList(listHref({}), "stay");
    return;
  }
  const holder = document.createElement("template");
  holder.innerHTML = text.trim();
  const fresh = holder.content.firstElementChild;
  const focused = card.contains(document.activeElement);
  card.replaceWith(fresh);
  htmx.process(fresh);
  fresh.classList.add("changed-now");
  if (focused) focus(fresh);
  count(from, -1);
  count(to, 1);
  announce(response);
}

/** The same without dragging: the card goes to the top of its new column first. */
function send(card, to) {
  const from = card.closest("[data-column]");
  if (!to || to === from || !$("[data-move]", card)) return;
  const next = card.nextElementSibling;
  listOf(to).prepend(card);
  focus(card);
  put(card, to, from, next);
}

function focus(card) {
  if (!card) return;
  $(".board-card.current")?.classList.remove("current");
  card.classList.add("current");
  card.focus({ preventScroll: true });
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
}

/** The card beside, above or below. */
function neighbour(card, key) {
  const column = card.closest("[data-column]");
  const own = cardsOf(column);
  const at = own.indexOf(card);
  if (key === "ArrowUp" || key === "ArrowDown") return own[at + (key === "ArrowDown" ? 1 : -1)];
  const all = columns();
  const beside = key === "ArrowRight" ? all.slice(all.indexOf(column) + 1) : all.slice(0, all.indexOf(column)).reverse();
  const cards = beside.map(cardsOf).find((one) => one.length);
  return cards?.[Math.min(at, cards.length - 1)];
}

function choose(card) {
  const here = card.closest("[data-column]").dataset.column;
  dialog.dataset.card = card.dataset.row;
  $$("[data-move-to]", dialog).forEach((button) => (button.disabled = button.dataset.moveTo === here));
  dialog.showModal();
}

document.addEventListener("keydown", (event) => {
  const card = event.target instanceof Element && board() ? event.target.closest(".board-card") : null;
  if (!card || event.ctrlKey || event.metaKey || event.altKey || $("dialog[open]")) return;
  const arrow = ["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"].includes(event.key);
  if (event.key === "m" && $("[data-move]", card)) choose(card);
  else if (arrow && event.shiftKey && event.key !== "ArrowUp" && event.key !== "ArrowDown") {
    const all = columns();
    send(card, all[all.indexOf(card.closest("[data-column]")) + (event.key === "ArrowRight" ? 1 : -1)]);
  } else if (arrow && !event.shiftKey) focus(neighbour(card, event.key));
  else return;
  event.preventDefault();
});

on("click", "[data-move]", (_, button) => choose(button.closest("[data-row]")));
on("click", "[data-move-to]", (_, button) => {
  const card = $(`[data-row="${dialog.dataset.card}"]`, board());
  dialog.close();
  if (card) send(card, columns().find((column) => column.dataset.column === button.dataset.moveTo));
});
on("click", "[data-board-go]", (_, button) => document.getElementById(button.dataset.boardGo).scrollIntoView({ block: "nearest", inline: "start" }));

/** Others' changes are only hinted at: a board that moves by itself takes the card from under the hand. */
function listen() {
  const source = new EventSource(board().dataset.events);
  source.addEventListener("changed", () => ($("[data-board-news]").hidden = false));
  addEventListener("pagehide", () => source.close(), { once: true });
  addEventListener("pageshow", (event) => { if (event.persisted) listen(); }, { once: true });
}
on("click", "[data-board-refresh]", () => showList(listHref({}), "stay"));
document.addEventListener("list-shown", () => {
  begin();
  if (board()) $("[data-board-news]").hidden = true;
});

if (board()) {
  begin();
  listen();
}
