/** The lines of one search, newest first: older ones as they are wanted, newer ones as they come. */

import { queryLines } from "./loki.js";

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

  /** @param {{ start: number, end: number }} range @param {AbortSignal} signal */
  async function begin(range, signal) {
    lines = await queryLines(query, { ...range, limit: PAGE }, signal);
    isAll = lines.length < PAGE;
  }

  /** @param {{ start: number }} range @param {AbortSignal} signal @returns {Promise<boolean>} whether there were any */
  async function older({ start }, signal) {
    const last = lines.at(-1);
    if (isAll || asking || !last || lines.length >= MOST_LINES) return false;
    asking = true;
    try {
      // The end itself is left out, and some lines of that moment may be known already.
      const found = await queryLines(query, { start, end: String(BigInt(last.ns) + 1n), limit: PAGE }, signal);
      const fresh = without(found, lines, last.ns);
      isAll = found.length < PAGE || !fresh.length;
      lines = lines.concat(fresh).slice(0, MOST_LINES);
      return fresh.length > 0;
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
    lines = without(found, lines, first.ns).concat(lines).filter(({ ms }) => ms >= range.start).slice(0, MOST_LINES);
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
  };
}

/** @param {Line[]} found @param {Line[]} known @param {string} ns the moment that both may have lines of */
function without(found, known, ns) {
  const same = new Set(known.filter((line) => line.ns === ns).map(({ key }) => key));
  return found.filter((line) => line.ns !== ns || !same.has(line.key));
}
