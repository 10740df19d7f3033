/** Prometheus' query API. */

import { ask } from "./http.js";
import { inSeconds } from "./time.js";

/** @typedef {Record<string, string>} Labels */
/** @typedef {{ labels: Labels, points: [number, number][] }} Series times in seconds */
/** @typedef {{ labels: Labels, value: number, at: number, trace: string, span: string }} Exemplar at in seconds */
/** @typedef {{ start: number, end: number, step: number }} Grid seconds */

/** @param {[number, string]} sample @returns {[number, number]} */
const sample = ([at, value]) => [at, value === "+Inf" ? Infinity : value === "-Inf" ? -Infinity : Number(value)];

/** @param {any} data @returns {Series[]} */
function series({ resultType, result }) {
  if (resultType === "scalar" || resultType === "string") return [{ labels: {}, points: [sample(result)] }];
  return result.map((/** @type {any} */ each) => ({
    labels: each.metric,
    points: (each.values ?? [each.value]).map(sample),
  }));
}

/** @param {string} query @param {Grid} grid @param {AbortSignal} [signal] @returns {Promise<Series[]>} */
export async function queryRange(query, grid, signal) {
  return series((await ask("/api/v1/query_range", { query, ...grid }, signal)).data);
}

/** @param {string} query @param {number} time seconds @param {AbortSignal} [signal] @returns {Promise<Series[]>} */
export async function queryInstant(query, time, signal) {
  return series((await ask("/api/v1/query", { query, time }, signal)).data);
}

/** @param {string} label @param {string | undefined} match @param {{start: number, end: number}} within seconds @returns {Promise<string[]>} */
export async function labelValues(label, match, { start, end }) {
  const path = `/api/v1/label/${encodeURIComponent(label)}/values`;
  return (await ask(path, { "match[]": match, start, end })).data;
}

/** @param {string | undefined} match @param {{start: number, end: number}} within seconds @returns {Promise<string[]>} */
export async function labelNames(match, { start, end }) {
  return (await ask("/api/v1/labels", { "match[]": match, start, end })).data;
}

/** The viewer's own. @param {string} query @param {{ start: number, end: number }} within milliseconds @returns {Promise<number>} the seconds between two samples of what it selects */
export async function spacing(query, within) {
  return (await ask("/api/v1/spacing", { query, ...inSeconds(within) })).data;
}

/** @returns {Promise<Record<string, string>>} kind and meaning of each metric */
export async function metadata() {
  const { data } = await ask("/api/v1/metadata");
  return Object.fromEntries(Object.entries(data).map(([name, [{ type, help }]]) => [name, help ? `${type} · ${help}` : type]));
}

/** @param {string} query @param {Grid} grid @param {AbortSignal} [signal] @returns {Promise<Exemplar[]>} newest last */
export async function exemplars(query, { start, end }, signal) {
  const { data } = await ask("/api/v1/query_exemplars", { query, start, end }, signal);
  const found = data.flatMap((/** @type {any} */ each) =>
    each.exemplars.map((/** @type {any} */ one) => ({
      labels: { ...each.seriesLabels, ...one.labels },
      value: Number(one.value),
      at: Number(one.timestamp),
      trace: one.labels.trace_id ?? one.labels.traceID ?? "",
      span: one.labels.span_id ?? "",
    })),
  );
  return found.toSorted((/** @type {Exemplar} */ a, /** @type {Exemplar} */ b) => a.at - b.at);
}
