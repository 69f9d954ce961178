// Short names for what every module does, and the words the server wrote into the page.
export const $ = (selector, root = document) => root.querySelector(selector);
export const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];

/** Listens on the document, so that content swapped in later is covered too. */
export function on(type, selector, handler, options) {
  document.addEventListener(type, (event) => {
    const target = event.target instanceof Element ? event.target.closest(selector) : null;
    if (target) handler(event, target);
  }, options);
}

/** Runs once for each element on the page now, and for those htmx or the list brings in later. */
export function each(selector, work) {
  const seen = new WeakSet();
  const start = (node) => {
    if (seen.has(node)) return;
    seen.add(node);
    work(node);
  };
  const run = (root) => {
    if (root instanceof Element && root.matches(selector)) start(root);
    $$(selector, root).forEach(start);
  };
  run(document);
  document.addEventListener("htmx:load", (event) => run(event.detail.elt));
}

export const messages = JSON.parse($("#messages")?.textContent ?? "{}");
export const language = document.documentElement.lang;
export const csrf = () => JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["x-csrf-token"] ?? "";

export function element(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
    else if (value === true) node.setAttribute(name, "");
    else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function icon(name) {
  const holder = document.createElement("template");
  const sheet = $("svg.icon use")?.getAttribute("href").split("#")[0] ?? "/assets/sprite.svg";
  holder.innerHTML = `<svg class="icon" aria-hidden="true"><use href="${sheet}#${name}"></use></svg>`;
  return holder.content.firstChild;
}

export const isTyping = (target) => target instanceof Element && target.closest("input:not([type=checkbox]):not([type=radio]), textarea, select, [contenteditable], .ts-wrapper") !== null;
