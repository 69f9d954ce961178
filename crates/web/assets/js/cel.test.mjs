// node --test js/
import assert from "node:assert/strict";
import test from "node:test";
import { compose, parse } from "./cel.js";

const kinds = { amount: "money", n: "integer", stage: "choice", name: "text", ordered_on: "date", vip: "bool", owner: "reference" };
const kindOf = (name) => kinds[name];

test("every operator survives the way to text and back", () => {
  const rows = [
    { field: "name", op: "contains", value: 'a "quoted" \\ && (b) || 华为' }, { field: "name", op: "starts", value: "x" },
    { field: "stage", op: "in", value: ["won", "lost, late"] }, { field: "amount", op: "ge", value: "-1000.5" }, { field: "n", op: "ne", value: "0" },
    { field: "ordered_on", op: "lt", value: "2026-01-01" }, { field: "vip", op: "true", value: "" }, { field: "vip", op: "false", value: "" },
    { field: "ordered_on", op: "last", value: "30" }, { field: "ordered_on", op: "older", value: "365" }, { field: "ordered_on", op: "next", value: "7" }, { field: "owner", op: "mine", value: "" },
    { field: "owner", op: "empty", value: "" }, { field: "owner", op: "filled", value: "" },
  ];
  for (const join of ["&&", "||"]) assert.deepEqual(parse(compose(rows, join, kindOf)), { join, rows });
});

test("the text is the one the server reads", () => {
  assert.equal(compose([{ field: "stage", op: "eq", value: "won" }, { field: "amount", op: "gt", value: "1000" }], "&&", kindOf), 'stage == "won" && amount > 1000');
});

test("a row without a value is left out, and so is a number that is none", () => {
  assert.equal(compose([{ field: "name", op: "eq", value: "" }, { field: "n", op: "gt", value: "many" }], "&&", kindOf), "");
});

test("what rows cannot show is not shown as rows", () => {
  for (const text of ['a == "x" && b > 1 || c == 2', '!(a == "x")', 'a == "x" && (b == 1)', "a > b", 'size(a) > 1', 'a == "x', "a &&"]) assert.equal(parse(text), null, text);
});

test("an empty filter has no rows", () => assert.deepEqual(parse("  "), { join: "&&", rows: [] }));
