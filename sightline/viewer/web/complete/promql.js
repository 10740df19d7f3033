/** What may follow in a PromQL query: metrics, functions, labels and their values. */

import { labelNames, labelValues, metadata } from "../prometheus.js";
import { remembered } from "../remembered.js";
import { inSeconds } from "../time.js";
import { called, offer, valuesIn } from "./options.js";
import { placeOf } from "./scan.js";
import { DURATIONS, LABEL_LISTS, PROMQL_AGGREGATIONS, PROMQL_FUNCTIONS, PROMQL_JOINS } from "./words.js";

/** @typedef {import("./options.js").Option} Option */
/** @typedef {import("./scan.js").Place} Place */

const WORD = /[A-Za-z_:$][\w:$]*/y;
const OWN = [...called(PROMQL_FUNCTIONS, "function"), ...called(PROMQL_AGGREGATIONS, "aggregation")];

/** @type {import("./options.js").Source} */
export async function promql(text, caret) {
  const place = placeOf(text, caret, WORD);
  const options = await optionsAt(place, text);
  return options && offer(place, options);
}

/** @param {Place} place @param {string} text @returns {Promise<Option[] | null>} */
async function optionsAt(place, text) {
  const inner = place.open.at(-1);
  const last = place.before.at(-1);
  if (place.quote) return inner?.bracket === "{" ? values(place) : null;
  if (inner?.bracket === "{") return last?.text === "{" || last?.text === "," ? labels(metricOf(inner.before), '="') : null;
  if (inner?.bracket === "[") return last?.text === "[" ? DURATIONS.map((each) => ({ label: each, insert: `${each}]` })) : null;
  if (inner?.bracket === "(" && LABEL_LISTS.includes(inner.before?.text ?? "")) return labels(metricIn(text), "");
  // Behind a whole operand comes what joins it to the next.
  if (last && (last.kind === "close" || last.kind === "word" || last.kind === "number") && !isJoin(last.text)) return place.prefix ? PROMQL_JOINS.map((label) => ({ label })) : null;
  if (!place.prefix && last && !/[(+\-*/%^,<>=]/.test(last.text) && !isJoin(last.text)) return null;
  return [...(await metrics()), ...OWN];
}

/** @param {string} word */
const isJoin = (word) => PROMQL_JOINS.includes(word) || PROMQL_AGGREGATIONS.includes(word);

/** @param {import("./scan.js").Token | undefined} before a brace */
const metricOf = (before) => (before?.kind === "word" ? before.text : undefined);

/** The first metric that a query names. @param {string} text */
const metricIn = (text) => /\b([A-Za-z_:][\w:]*)\s*[{[]/.exec(text)?.[1];

/** @returns {Promise<Option[]>} */
const metrics = () => remembered("metrics", async (within) => {
  const [names, known] = await Promise.all([labelValues("__name__", undefined, inSeconds(within)), metadata()]);
  return names.map((label) => ({ label, detail: known[label] ?? known[label.replace(/_(?:bucket|sum|count|total)$/, "")] ?? "metric" }));
});

/** @param {string | undefined} metric @param {string} then what stands behind a name */
async function labels(metric, then) {
  const names = await remembered(`labels of ${metric}`, (within) => labelNames(metric, inSeconds(within)));
  return names.filter((name) => name !== "__name__").map((label) => ({ label, insert: label + then, detail: "label", more: then !== "" }));
}

/** @param {Place} place @returns {Promise<Option[] | null>} */
async function values(place) {
  const [name, operator] = place.before.slice(-2);
  if (name?.kind !== "word" || !/^[=!]~?=?$/.test(operator?.text ?? "")) return null;
  const metric = metricOf(place.open.at(-1)?.before);
  const found = await remembered(`values of ${name.text} of ${metric}`, (within) => labelValues(name.text, metric, inSeconds(within)));
  return valuesIn(place, found);
}
