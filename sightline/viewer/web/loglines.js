/** The lines of one search, newest first: older ones as they are wanted, newer ones as they come. */

import { countLines, queryLines } from "./loki.js";

/** @typedef {import("./loki.js").Line} Line */

/** The most that one answer brings. */
export const PAGE = 5000;
export const MOST_LINES = 100_000;

/** @param {string} query */
export function logLines(query) {
  /** @type {Line[]} */
  let lines = [];
  let isAll = false;
  let asking = false;
  /** Lines of one moment beyond what an answer holds: none can ask for them. */
  let beyond = 0;

  /** @param {{ start: number, end: number }} range @param {AbortSignal} signal */
  async function begin(range, signal) {
    lines = await queryLines(query, { ...range, limit: PAGE }, signal);
    isAll = lines.length < PAGE;
    beyond = 0;
  }

  /** @param {{ start: number }} range @param {AbortSignal} signal @returns {Promise<boolean>} whether there were any */
  async function older({ start }, signal) {
    const last = lines.at(-1);
    if (isAll || asking || !last || lines.length >= MOST_LINES) return false;
    asking = true;
    const known = lines.filter(({ ns }) => ns === last.ns);
    try {
      // The end itself is left out, and some lines of that moment may be known already.
      let found = await queryLines(query, { start, end: String(BigInt(last.ns) + 1n), limit: PAGE }, signal);
      let fresh = without(found, known);
      if (found.length === PAGE && !fresh.length) {
        beyond += (await countLines(query, last.ns, last.ns, signal)) - known.length;
        found = fresh = await queryLines(query, { start, end: last.ns, limit: PAGE }, signal);
      }
      isAll = found.length < PAGE;
      lines = lines.concat(fresh).slice(0, MOST_LINES);
      return true;
    } finally {
      asking = false;
    }
  }

  /** @param {{ start: number, end: number }} range @param {AbortSignal} signal */
  async function newer(range, signal) {
    const first = lines[0];
    if (!first) return begin(range, signal);
    const found = await queryLines(query, { start: first.ns, end: range.end, limit: PAGE }, signal);
    // More came than one answer holds: what lies between would be a hole.
    if (found.length >= PAGE) return begin(range, signal);
    lines = without(found, lines.filter(({ ns }) => ns === first.ns)).concat(lines).filter(({ ms }) => ms >= range.start).slice(0, MOST_LINES);
    return undefined;
  }

  return {
    begin,
    older,
    newer,
    get lines() {
      return lines;
    },
    get isAll() {
      return isAll;
    },
    get beyond() {
      return beyond;
    },
  };
}

/** Each known line takes one away: two of the same moment may say the same. @param {Line[]} found @param {Line[]} known */
export function without(found, known) {
  /** @type {Map<string, number>} */
  const left = new Map();
  for (const { key } of known) left.set(key, (left.get(key) ?? 0) + 1);
  return found.filter(({ key }) => {
    const count = left.get(key) ?? 0;
    if (count) left.set(key, count - 1);
    return !count;
  });
}
