/** Time ranges as the address has them: `now-30m`, milliseconds, or an ISO date. */

import { get } from "./address.js";

/** @typedef {{ from: string, to: string, start: number, end: number }} Range start and end in milliseconds */

/** @type {Record<string, number>} */
const UNITS = { s: 1e3, m: 6e4, h: 36e5, d: 864e5, w: 6048e5 };

export const QUICK = ["5m", "15m", "30m", "1h", "3h", "6h", "12h", "24h", "2d", "7d"];
export const REFRESH = ["5s", "10s", "30s", "1m", "5m"];

/** @param {string} text such as `90s` or `5m` @returns {number} milliseconds */
export function duration(text) {
  const found = /^(\d+(?:\.\d+)?)(ms|[smhdw])$/.exec(text.trim());
  if (!found) return NaN;
  return Number(found[1]) * (found[2] === "ms" ? 1 : UNITS[found[2]]);
}

/** @param {string} text @param {number} now @returns {number} */
export function moment(text, now) {
  if (text === "now") return now;
  if (text.startsWith("now-")) return now - duration(text.slice(4));
  return /^\d+$/.test(text) ? Number(text) : Date.parse(text);
}

let standard = { from: "now-30m", to: "now", refresh: "10s" };

/** @param {{ from?: string, to?: string, refresh?: string }} wish what holds where the address is silent */
export function setStandard(wish) {
  standard = { from: wish.from || "now-30m", to: wish.to || "now", refresh: wish.refresh ?? "" };
}

/** @returns {Range} */
export function range() {
  const now = Date.now();
  const from = get("from", standard.from);
  const to = get("to", standard.to);
  const start = moment(from, now);
  const end = moment(to, now);
  if (start < end) return { from, to, start, end };
  return { from: "now-30m", to: "now", start: now - 30 * UNITS.m, end: now };
}

export const isLive = () => range().to === "now";

/** @returns {number} milliseconds between two refreshes, 0 for none */
export function refreshEvery() {
  const text = get("refresh", standard.refresh);
  return isLive() ? duration(text) || 0 : 0;
}

export const refreshText = () => get("refresh", standard.refresh) || "off";

/** As Prometheus and Tempo ask. @param {{ start: number, end: number }} of milliseconds */
export const inSeconds = ({ start, end }) => ({ start: start / 1000, end: end / 1000 });

/** @param {Range} of */
export function rangeLabel({ from, to, start, end }) {
  if (to === "now" && from.startsWith("now-")) return `Last ${spelled(from.slice(4))}`;
  return `${stamp(start)} – ${stamp(end)}`;
}

/** @type {Record<string, string>} */
const WORDS = { s: "second", m: "minute", h: "hour", d: "day", w: "week" };

/** @param {string} text */
export function spelled(text) {
  const found = /^(\d+)([smhdw])$/.exec(text);
  if (!found) return text;
  return `${found[1]} ${WORDS[found[2]]}${found[1] === "1" ? "" : "s"}`;
}

/** @param {number} value @param {number} width */
const padded = (value, width = 2) => String(value).padStart(width, "0");

/** @param {number} ms @returns {string} local date and time to the second */
export function stamp(ms) {
  const at = new Date(ms);
  return `${at.getFullYear()}-${padded(at.getMonth() + 1)}-${padded(at.getDate())} ${clock(ms)}`;
}

/** @param {number} ms */
export function clock(ms) {
  const at = new Date(ms);
  return `${padded(at.getHours())}:${padded(at.getMinutes())}:${padded(at.getSeconds())}`;
}

/** @param {number} ms */
export const clockMs = (ms) => `${clock(ms)}.${padded(Math.floor(ms % 1000), 3)}`;

/** @param {number} ms for an input of type datetime-local */
export const inputTime = (ms) => stamp(ms).replace(" ", "T");

/** Steps that divide a minute, an hour or a day, in seconds. */
const STEPS = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200, 86400];

/**
 * @param {Range} of
 * @param {number} points wanted at most
 * @param {number} least seconds
 * @returns {number} seconds
 */
export function stepFor(of, points, least = 1) {
  const wanted = Math.max((of.end - of.start) / 1000 / Math.max(points, 10), least);
  return STEPS.find((step) => step >= wanted) ?? 86400 * Math.ceil(wanted / 86400);
}
