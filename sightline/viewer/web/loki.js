/** Loki's query API, and its live tail. */

import { ask } from "./http.js";

/** @typedef {{ ns: string, ms: number, line: string, fields: Record<string, string> }} Line */

/** @param {any} streams @returns {Line[]} newest first */
function lines(streams) {
  const found = streams.flatMap((/** @type {any} */ { stream, values }) =>
    values.map((/** @type {any} */ [ns, line, more]) => ({
      ns,
      ms: Number(ns.slice(0, -6)) + Number(ns.slice(-6)) / 1e6,
      line,
      fields: { ...stream, ...more?.structuredMetadata, ...more?.parsed },
    })),
  );
  return found.toSorted((/** @type {Line} */ a, /** @type {Line} */ b) => (a.ns < b.ns ? 1 : a.ns > b.ns ? -1 : 0));
}

/** @param {number} ms @returns {string} */
export const nanoseconds = (ms) => `${Math.floor(ms)}000000`;

/**
 * @param {string} query
 * @param {{ start: number, end: number, limit?: number, direction?: "backward" | "forward" }} how milliseconds
 * @param {AbortSignal} [signal]
 * @returns {Promise<Line[]>}
 */
export async function queryLines(query, { start, end, limit = 1000, direction = "backward" }, signal) {
  const asked = { query, start: nanoseconds(start), end: nanoseconds(end + 1), limit, direction };
  const { data } = await ask("/loki/api/v1/query_range", asked, signal);
  return data.resultType === "streams" ? lines(data.result) : [];
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
  return data.result.map((/** @type {any} */ each) => ({
    labels: each.metric,
    points: each.values.map((/** @type {any} */ [at, value]) => [at, Number(value)]),
  }));
}

/** @param {string} label @param {{ start: number, end: number }} within milliseconds @returns {Promise<string[]>} */
export async function lineLabelValues(label, { start, end }) {
  const asked = { start: nanoseconds(start), end: nanoseconds(end) };
  return (await ask(`/loki/api/v1/label/${encodeURIComponent(label)}/values`, asked)).data ?? [];
}

/**
 * @param {string} query
 * @param {{ onlines: (lines: Line[], dropped: number) => void, onstate: (text: string) => void }} to
 * @returns {() => void} ends it
 */
export function tail(query, { onlines, onstate }) {
  const scheme = location.protocol === "https:" ? "wss:" : "ws:";
  const params = new URLSearchParams({ query, limit: "100", start: nanoseconds(Date.now()) });
  let ended = false;
  /** @type {WebSocket} */
  let socket;
  function open() {
    socket = new WebSocket(`${scheme}//${location.host}/loki/api/v1/tail?${params}`);
    socket.addEventListener("open", () => onstate(""));
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(data);
      onlines(lines(message.streams ?? []), message.dropped_entries?.length ?? 0);
    });
    socket.addEventListener("close", ({ code, reason }) => {
      if (ended) return;
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
