/** Loki's query API, and its live tail. */

import { ask } from "./http.js";

/** @typedef {{ key: string, ns: string, ms: number, line: string, fields: Record<string, string> }} Line */

/** @param {any} streams @returns {Line[]} newest first */
function lines(streams) {
  const found = streams.flatMap((/** @type {any} */ { stream, values }) =>
    values.map((/** @type {any} */ [ns, line, more]) => ({
      key: `${ns}|${stream.service_name}|${more?.structuredMetadata?.span_id ?? stream.span_id}|${line}`,
      ns,
      ms: Number(ns.slice(0, -6)) + Number(ns.slice(-6)) / 1e6,
      line,
      fields: { ...stream, ...more?.structuredMetadata, ...more?.parsed },
    })),
  );
  return found.toSorted((/** @type {Line} */ a, /** @type {Line} */ b) => (a.ns < b.ns ? 1 : a.ns > b.ns ? -1 : 0));
}

/** @param {number} ms @returns {string} */
const nanoseconds = (ms) => `${Math.floor(ms)}000000`;

/**
 * @param {string} query
 * @param {{ start: number | string, end: number | string, limit?: number, direction?: "backward" | "forward" }} how milliseconds, or nanoseconds as text
 * @param {AbortSignal} [signal]
 * @returns {Promise<Line[]>}
 */
export async function queryLines(query, { start, end, limit = 1000, direction = "backward" }, signal) {
  const asked = { query, start: typeof start === "string" ? start : nanoseconds(start), end: typeof end === "string" ? end : nanoseconds(end + 1), limit, direction };
  const { data } = await ask("/loki/api/v1/query_range", asked, signal);
  return data.resultType === "streams" ? lines(data.result) : [];
}

/**
 * @param {string} query of lines or of what they count up to
 * @param {{ start: number, end: number, limit: number, step: number, now: boolean }} how milliseconds, the step in seconds; `now` counts at the end alone
 * @param {AbortSignal} [signal]
 * @returns {Promise<{ lines?: Line[], series?: import("./prometheus.js").Series[] }>}
 */
export async function queryEither(query, { start, end, limit, step, now }, signal) {
  const asked = { query, start: nanoseconds(start), end: nanoseconds(end + 1), limit, step, direction: "backward" };
  const { data } = await ask("/loki/api/v1/query_range", asked, signal);
  if (data.resultType === "streams") return { lines: lines(data.result) };
  return { series: now ? await queryNow(query, end / 1000, signal) : series(data) };
}

/** @param {any} data @returns {import("./prometheus.js").Series[]} */
function series({ resultType, result }) {
  if (resultType === "streams") throw new Error("The query finds log lines, and this panel draws numbers: count them, e.g. with count_over_time().");
  if (resultType === "scalar") return [{ labels: {}, points: [[result[0], Number(result[1])]] }];
  return result.map((/** @type {any} */ each) => ({
    labels: each.metric,
    points: (each.values ?? [each.value]).map((/** @type {any} */ [at, value]) => [at, Number(value)]),
  }));
}

/**
 * @param {string} query a metric query
 * @param {{ start: number, end: number, step: number }} grid seconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<import("./prometheus.js").Series[]>}
 */
export async function queryVolume(query, { start, end, step }, signal) {
  const asked = { query, start: nanoseconds(start * 1000), end: nanoseconds(end * 1000), step };
  const { data } = await ask("/loki/api/v1/query_range", asked, signal);
  return series(data);
}

/** @param {string} query a metric query @param {number} time seconds @param {AbortSignal} [signal] @returns {Promise<import("./prometheus.js").Series[]>} */
export async function queryNow(query, time, signal) {
  return series((await ask("/loki/api/v1/query", { query, time: nanoseconds(time * 1000) }, signal)).data);
}

/** @param {{ start: number, end: number }} within milliseconds @returns {Promise<string[]>} */
export async function lineLabels({ start, end }) {
  return (await ask("/loki/api/v1/labels", { start: nanoseconds(start), end: nanoseconds(end) })).data ?? [];
}

/** @param {string} query @param {{ start: number, end: number }} within milliseconds @returns {Promise<string[]>} */
export async function detectedFields(query, { start, end }) {
  const { fields } = await ask("/loki/api/v1/detected_fields", { query, start: nanoseconds(start), end: nanoseconds(end), line_limit: 1000 });
  return (fields ?? []).map((/** @type {any} */ each) => each.label);
}

/** @param {string} field @param {string} query @param {{ start: number, end: number }} within milliseconds @returns {Promise<string[]>} */
export async function fieldValues(field, query, { start, end }) {
  const asked = { query, start: nanoseconds(start), end: nanoseconds(end), line_limit: 1000 };
  return (await ask(`/loki/api/v1/detected_field/${encodeURIComponent(field)}/values`, asked)).values ?? [];
}

/** @param {string} label @param {{ start: number, end: number }} within milliseconds @returns {Promise<string[]>} */
export async function lineLabelValues(label, { start, end }) {
  const asked = { start: nanoseconds(start), end: nanoseconds(end) };
  return (await ask(`/loki/api/v1/label/${encodeURIComponent(label)}/values`, asked)).data ?? [];
}

/** @param {string} query of lines @param {string} first @param {string} last nanoseconds, and both are counted @param {AbortSignal} [signal] @returns {Promise<number>} */
export async function countLines(query, first, last, signal) {
  const width = BigInt(last) - BigInt(first) + 1n;
  const { data } = await ask("/loki/api/v1/query", { query: `sum(count_over_time(${query} [${width}ns]))`, time: last }, signal);
  return Number(data.result[0]?.value[1] ?? 0);
}

/** What an interruption brings at most. */
export const AGAIN = 1000;
/** So long after its own time a line may still arrive, in milliseconds. */
const LATE = 10_000;

/**
 * @param {string} query
 * @param {object} to
 * @param {(lines: Line[], dropped: number) => void} to.onlines
 * @param {(lines: Line[], since: string) => void} to.onagain after an interruption the newest since then, some of them known
 * @param {(text: string) => void} to.onstate
 * @returns {() => void} ends it
 */
export function tail(query, { onlines, onagain, onstate }) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const began = Date.now();
  let since = nanoseconds(began);
  let limit = 100;
  let ended = false;
  /** @type {WebSocket} */
  let socket;
  function open() {
    const params = new URLSearchParams({ query, limit: String(limit), start: since });
    const isAgain = limit === AGAIN;
    let heard = 0;
    socket = new WebSocket(`${scheme}//${location.host}/loki/api/v1/tail?${params}`);
    socket.addEventListener("open", () => onstate(""));
    socket.addEventListener("message", ({ data }) => {
      const { streams, dropped_entries: dropped } = JSON.parse(data);
      const arrived = lines(streams ?? []);
      if (isAgain && !heard) onagain(arrived, since);
      else onlines(arrived, 0);
      if (dropped) onlines([], dropped.length);
      // What was sent before a machine slept is read when it wakes: the lines tell of when it is.
      heard = Math.max(heard, Math.min(Date.now(), arrived[0]?.ms ?? 0));
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (ended) return;
      // A connection may have been silent for minutes before its end is known.
      if (heard) since = nanoseconds(Math.max(began, heard - LATE));
      limit = AGAIN;
      onstate(reason || (code === 1006 ? "The live tail is interrupted; trying again." : `The live tail ended (${code}).`));
      if (code !== 1008) setTimeout(() => ended || open(), 2000);
    });
  }
  open();
  return () => {
    ended = true;
    socket.close();
  };
}
