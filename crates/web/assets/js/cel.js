// The part of CEL that the filter builder can show as rows. parse(compose(rows)) gives the rows back; anything else parses to null.

const word = "[A-Za-z_][A-Za-z0-9_.]*";
const literal = '"(?:[^"\\\\]|\\\\.)*"|-?\\d+(?:\\.\\d+)?|true|false|null';
const patterns = [
  [new RegExp(`^(${word})\\.contains\\((${literal})\\)$`), (m) => ({ field: m[1], op: "contains", value: read(m[2]) })],
  [new RegExp(`^(${word})\\.startsWith\\((${literal})\\)$`), (m) => ({ field: m[1], op: "starts", value: read(m[2]) })],
  [new RegExp(`^(${word}) in \\[\\s*((?:${literal})(?:\\s*,\\s*(?:${literal}))*)\\s*\\]$`), (m) => ({ field: m[1], op: "in", value: m[2].match(new RegExp(literal, "g")).map(read) })],
  [new RegExp(`^(${word})\\s*>=\\s*days_ago\\((\\d+)\\)$`), (m) => ({ field: m[1], op: "last", value: m[2] })],
  [new RegExp(`^(${word})\\s*<=\\s*days_ahead\\((\\d+)\\)$`), (m) => ({ field: m[1], op: "next", value: m[2] })],
  [new RegExp(`^(${word})\\s*<\\s*days_ago\\((\\d+)\\)$`), (m) => ({ field: m[1], op: "older", value: m[2] })],
  [new RegExp(`^(${word})\\s*==\\s*me\\(\\)$`), (m) => ({ field: m[1], op: "mine", value: "" })],
  [new RegExp(`^(${word})\\s*(==|!=|>=|<=|>|<)\\s*(${literal})$`), comparison],
];
const symbols = { eq: "==", ne: "!=", gt: ">", ge: ">=", lt: "<", le: "<=" };

function comparison([, field, symbol, text]) {
  if (text === "null") return symbol === "==" ? { field, op: "empty", value: "" } : symbol === "!=" ? { field, op: "filled", value: "" } : null;
  if (text === "true" || text === "false") return symbol === "==" ? { field, op: text, value: "" } : null;
  return { field, op: Object.keys(symbols).find((op) => symbols[op] === symbol), value: read(text) };
}

const read = (text) => (text.startsWith('"') ? JSON.parse(text) : text);
const quote = (value) => JSON.stringify(String(value));
const relative = { last: ">= days_ago", older: "< days_ago", next: "<= days_ahead" };
const numeric = new Set(["integer", "decimal", "money", "percent"]);

/** Splits at top-level && or ||; null when both occur or brackets do not close. */
function split(text) {
  const terms = [];
  let join = null, depth = 0, start = 0, inText = false;
  for (let i = 0; i < text.length; i++) {
    const c = text[i];
    if (inText) {
      if (c === "\\") i++;
      else if (c === '"') inText = false;
    } else if (c === '"') inText = true;
    else if (c === "(" || c === "[") depth++;
    else if (c === ")" || c === "]") depth--;
    else if (depth === 0 && (text.startsWith("&&", i) || text.startsWith("||", i))) {
      const symbol = text.slice(i, i + 2);
      if (join && join !== symbol) return null;
      join = symbol;
      terms.push(text.slice(start, i));
      start = ++i + 1;
    }
  }
  if (depth !== 0 || inText) return null;
  return { join: join ?? "&&", terms: [...terms, text.slice(start)] };
}

/** text → {join, rows: [{field, op, value}]}, or null when it is more than rows can show. */
export function parse(text) {
  if (text.trim() === "") return { join: "&&", rows: [] };
  const parts = split(text);
  if (!parts) return null;
  const rows = parts.terms.map((term) => {
    for (const [pattern, make] of patterns) {
      const match = term.trim().match(pattern);
      if (match) return make(match);
    }
    return null;
  });
  return rows.includes(null) ? null : { join: parts.join, rows };
}

/** One row as CEL, or null while it has no value. `kind` is the field's. */
export function term({ field, op, value }, kind) {
  const write = (v) => (numeric.has(kind) ? (Number.isFinite(Number(v)) && String(v).trim() !== "" ? String(Number(v)) : null) : quote(v));
  if (op === "empty") return `${field} == null`;
  if (op === "filled") return `${field} != null`;
  if (op === "mine") return `${field} == me()`;
  if (op === "true" || op === "false") return `${field} == ${op}`;
  if (op === "in") return value.length ? `${field} in [${[].concat(value).map(write).join(", ")}]` : null;
  if (value === "" || value === null || value === undefined) return null;
  if (op === "contains") return `${field}.contains(${quote(value)})`;
  if (op === "starts") return `${field}.startsWith(${quote(value)})`;
  if (op in relative) return /^\d+$/.test(value) ? `${field} ${relative[op]}(${value})` : null;
  const written = write(value);
  return written === null ? null : `${field} ${symbols[op]} ${written}`;
}

export function compose(rows, join, kindOf) {
  return rows.map((row) => term(row, kindOf(row.field))).filter(Boolean).join(` ${join} `);
}
