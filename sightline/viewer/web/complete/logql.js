/** What may follow in a LogQL query: labels, fields, their values, and the stages of a pipeline. */

import { detectedFields, fieldValues, lineLabelValues, lineLabels } from "../loki.js";
import { remembered } from "../remembered.js";
import { called, offer, valuesIn } from "./options.js";
import { placeOf } from "./scan.js";
import { DURATIONS, LOGQL_AGGREGATIONS, LOGQL_RANGES } from "./words.js";

/** @typedef {import("./options.js").Option} Option */
/** @typedef {import("./scan.js").Place} Place */

const WORD = /[A-Za-z_][\w]*/y;
const STAGES = [
  { label: "|=", insert: '|= "', detail: "the line contains" },
  { label: "!=", insert: '!= "', detail: "the line does not contain" },
  { label: "|~", insert: '|~ "', detail: "the line matches" },
  { label: "|", insert: "| ", detail: "a parser, or a field's filter", more: true },
];
const PARSERS = [{ label: "json", detail: "fields of a JSON line" }, { label: "logfmt", detail: "fields of a key=value line" }];
const BEGINNINGS = [
  { label: "{", insert: "{", detail: "lines of the streams that …", more: true },
  ...LOGQL_RANGES.map((name) => ({ label: name, insert: `${name}({`, detail: "of lines over time", more: true })),
  ...called(LOGQL_AGGREGATIONS, "aggregation"),
];

/** @type {import("./options.js").Source} */
export async function logql(text, caret) {
  const place = placeOf(text, caret, WORD);
  const options = await optionsAt(place, text);
  return options && offer(place, options);
}

/** @param {Place} place @param {string} text @returns {Promise<Option[] | null>} */
async function optionsAt(place, text) {
  const inner = place.open.at(-1);
  const last = place.before.at(-1);
  if (inner?.bracket === "{") return place.quote ? streamValues(place) : last?.text === "{" || last?.text === "," ? streamLabels() : null;
  if (place.quote) return valuesOfField(place, text);
  if (inner?.bracket === "[") return last?.text === "[" ? DURATIONS.map((each) => ({ label: each, insert: `${each}]` })) : null;
  if (inner?.bracket === "(" && /^(?:by|without)$/.test(inner.before?.text ?? "")) return [...(await streamLabels()).map(({ label }) => ({ label })), ...(await fields(text, ""))];
  if (last?.text === "|" || /^(?:and|or)$/.test(last?.text ?? "")) return [...PARSERS, ...(await fields(text, '="'))];
  if (last?.text === "}" || last?.kind === "string") return place.prefix ? null : STAGES;
  if (!last || last.text === "(" || last.text === ",") return BEGINNINGS;
  return null;
}

/** @returns {Promise<Option[]>} */
async function streamLabels() {
  const names = await remembered("stream labels", lineLabels);
  return names.map((label) => ({ label, insert: `${label}="`, detail: "label of the stream", more: true }));
}

/** @param {Place} place @returns {Promise<Option[] | null>} */
async function streamValues(place) {
  const [name] = place.before.slice(-2);
  if (name?.kind !== "word") return null;
  return valuesIn(place, await remembered(`stream values of ${name.text}`, (within) => lineLabelValues(name.text, within)));
}

/** @param {string} text */
const selectorOf = (text) => /\{[^{}]*\}/.exec(text)?.[0] ?? '{service_name=~".+"}';

/** @param {string} text @param {string} then @returns {Promise<Option[]>} */
async function fields(text, then) {
  const selector = selectorOf(text);
  const found = await remembered(`fields of ${selector}`, (within) => detectedFields(selector, within));
  return found.map((label) => ({ label, insert: label + then, detail: "field", more: then !== "" }));
}

/** @param {Place} place @param {string} text @returns {Promise<Option[] | null>} */
async function valuesOfField(place, text) {
  const [name, operator] = place.before.slice(-2);
  if (name?.kind !== "word" || !/^[=!]~?=?$/.test(operator?.text ?? "")) return null;
  const selector = selectorOf(text);
  return valuesIn(place, await remembered(`values of ${name.text} of ${selector}`, (within) => fieldValues(name.text, selector, within)));
}
