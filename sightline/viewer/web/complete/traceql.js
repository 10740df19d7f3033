/** What may follow in a TraceQL query: attributes, their values, and what joins conditions. */

import { remembered } from "../remembered.js";
import { tagNames, tagValues } from "../tempo.js";
import { offer, valuesIn } from "./options.js";
import { placeOf } from "./scan.js";
import { TRACEQL_INTRINSICS, TRACEQL_KEYWORDS } from "./words.js";

/** @typedef {import("./options.js").Option} Option */
/** @typedef {import("./scan.js").Place} Place */

const WORD = /\.?[A-Za-z_][\w.:/-]*/y;
const COMPARISON = /^(?:=|!=|=~|!~|<|<=|>|>=)$/;
const JOINS = [{ label: "&&", insert: "&& ", detail: "and", more: true }, { label: "||", insert: "|| ", detail: "or", more: true }, { label: "}", insert: "}", detail: "end" }];
const RELATIONS = [
  { label: ">>", insert: ">> { ", detail: "has a descendant that …", more: true },
  { label: "&&", insert: "&& { ", detail: "and a span that …", more: true },
  { label: "| count()", insert: "| count() > ", detail: "so many spans" },
];
const OPERATORS = ["=", "!=", "=~", ">", "<"].map((label) => ({ label, insert: `${label} `, more: true }));

/** @type {import("./options.js").Source} */
export async function traceql(text, caret) {
  const place = placeOf(text, caret, WORD);
  const options = await optionsAt(place);
  return options && offer(place, options);
}

/** @param {Place} place @returns {Promise<Option[] | null>} */
async function optionsAt(place) {
  const inner = place.open.at(-1);
  const last = place.before.at(-1);
  if (inner?.bracket !== "{") return last?.text === "}" ? RELATIONS : last ? null : [{ label: "{", insert: "{ ", detail: "spans that …", more: true }];
  const name = COMPARISON.test(last?.text ?? "") ? place.before.at(-2) : undefined;
  if (name?.kind === "word") return valuesOf(name.text, place);
  if (!last || /^(?:\{|&&|\|\||\()$/.test(last.text)) return attributes();
  if (last.kind === "word" && !COMPARISON.test(place.before.at(-2)?.text ?? "")) return OPERATORS;
  return JOINS;
}

/** @returns {Promise<Option[]>} */
async function attributes() {
  const names = await remembered("tags", tagNames);
  const own = TRACEQL_INTRINSICS.map((label) => ({ label, insert: `${label} `, detail: "of every span", more: true }));
  return [...own, ...names.map((label) => ({ label, insert: `${label} `, detail: "attribute", more: true }))];
}

/** @param {string} name @param {Place} place @returns {Promise<Option[]>} */
async function valuesOf(name, place) {
  if (TRACEQL_KEYWORDS[name]) return TRACEQL_KEYWORDS[name].map((label) => ({ label, insert: `${label} ` }));
  if (/duration$/i.test(name)) return ["10ms", "100ms", "500ms", "1s"].map((label) => ({ label, insert: `${label} ` }));
  const found = await remembered(`values of ${name}`, (within) => tagValues(name, within));
  if (place.quote) return valuesIn(place, found.map(({ value }) => value));
  return found.map(({ type, value }) => ({ label: type === "string" ? JSON.stringify(value) : value }));
}
