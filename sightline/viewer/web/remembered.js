/** What was asked some seconds ago of the same time range is not asked again. */

import { range } from "./time.js";

const FRESH = 20_000;
/** @type {Map<string, { at: number, found: Promise<any> }>} */
const asked = new Map();

/**
 * A question that fails has no answers: a query that is wrong will say so itself.
 * @template T
 * @param {string} key
 * @param {(within: import("./time.js").Range) => Promise<T[]>} ask
 * @returns {Promise<T[]>}
 */
export async function remembered(key, ask) {
  const within = range();
  const whole = `${key} from ${within.from} to ${within.to}`;
  const known = asked.get(whole);
  if (known && Date.now() - known.at < FRESH) return known.found;
  const found = ask(within).catch(() => /** @type {T[]} */ ([]));
  if (asked.size > 200) asked.clear();
  asked.set(whole, { at: Date.now(), found });
  return found;
}
