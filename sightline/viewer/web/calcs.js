/** Reduces a series to one number, by the names that Grafana gives the reductions. */

/** @typedef {(values: number[]) => number} Calc */

/** @param {number[]} values */
const sum = (values) => values.reduce((total, value) => total + value, 0);

/** @type {Record<string, [string, Calc]>} */
const CALCS = {
  lastNotNull: ["Last", (values) => values[values.length - 1]],
  last: ["Last", (values) => values[values.length - 1]],
  firstNotNull: ["First", (values) => values[0]],
  first: ["First", (values) => values[0]],
  min: ["Min", (values) => values.reduce((least, value) => Math.min(least, value), Infinity)],
  max: ["Max", (values) => values.reduce((most, value) => Math.max(most, value), -Infinity)],
  mean: ["Mean", (values) => sum(values) / values.length],
  sum: ["Total", sum],
  count: ["Count", (values) => values.length],
  range: ["Range", (values) => Math.max(...values) - Math.min(...values)],
  diff: ["Change", (values) => values[values.length - 1] - values[0]],
};

/** @param {string} name */
export const calcName = (name) => CALCS[name]?.[0] ?? name;

/** @param {string} name @param {(number | null)[]} values @returns {number | null} */
export function reduced(name, values) {
  const present = /** @type {number[]} */ (values.filter((value) => value !== null && !Number.isNaN(value)));
  return present.length ? (CALCS[name] ?? CALCS.lastNotNull)[1](present) : null;
}
