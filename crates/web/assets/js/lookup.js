// Choosing another record: Tom Select over GET {lookup}?q=…, which answers [{value, text, detail}].
import TomSelect from "tom-select/base";
import clearButton from "tom-select/dist/esm/plugins/clear_button/plugin.js";
import { csrf, each, messages } from "./dom.js";

TomSelect.define("clear_button", clearButton);

export function lookup(select) {
  if (select.tomselect || select.disabled) return;
  select.setAttribute("aria-hidden", "true"); // its label goes to the box that stands for it
  new TomSelect(select, {
    valueField: "value",
    labelField: "text",
    searchField: [], // the server has already searched, also by pinyin
    maxOptions: 20,
    loadThrottle: 150,
    preload: "focus",
    allowEmptyOption: false,
    placeholder: select.dataset.placeholder ?? "",
    plugins: select.required ? [] : { clear_button: { title: messages.remove } },
    shouldLoad: () => true,
    score: () => () => 1,
    load(query, done) {
      this.clearOptions();
      fetch(`${select.dataset.lookup}?${new URLSearchParams({ q: query })}`, { headers: { accept: "application/json", "x-csrf-token": csrf() } })
        .then((answer) => (answer.ok ? answer.json() : []))
        .then(done, () => done());
    },
    render: {
      option: (row, escape) => `<div>${escape(row.text)}${row.detail ? `<span class="detail">${escape(row.detail)}</span>` : ""}</div>`,
      no_results: (_, escape) => `<div class="no-results">${escape(messages.no_match)}</div>`,
      loading: (_, escape) => `<div class="no-results">${escape(messages.loading)}</div>`,
    },
  });
}

each("select[data-lookup]", lookup);
