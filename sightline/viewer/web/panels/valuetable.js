/** Panel: the newest values of PromQL queries with their labels, a column for each query. */

import { el, fill } from "../dom.js";
import { formatter } from "../format.js";
import { configOf, mapped } from "../thresholds.js";
import { frames, gridToNow, visible } from "./targets.js";

/** Transformations that this table makes: one table of all queries, columns hidden and renamed. */
export const MADE = ["merge", "organize"];
const MOST_ROWS = 500;

/**
 * @param {any} panel
 * @param {import("./targets.js").Context} context
 * @param {number} width
 */
export async function load(panel, context, width) {
  const found = await frames(panel, context, gridToNow(panel, context, width));
  /** @type {Map<string, { labels: Record<string, string>, values: Map<string, number> }>} */
  const rows = new Map();
  for (const { labels, refId, points } of found) {
    const key = JSON.stringify(Object.entries(labels).filter(([name]) => name !== "__name__").toSorted());
    const row = rows.get(key) ?? { labels, values: new Map() };
    if (points.length) row.values.set(refId, points[points.length - 1][1]);
    rows.set(key, row);
  }
  return { rows: [...rows.values()], empty: rows.size === 0 };
}

/** @param {HTMLElement} place @param {any} panel @param {{ rows: { labels: Record<string, string>, values: Map<string, number> }[] }} data */
export function draw(place, panel, { rows }) {
  const { excludeByName = {}, renameByName = {} } = (panel.transformations ?? []).find((/** @type {any} */ { id }) => id === "organize")?.options ?? {};
  const refs = visible(panel).map((/** @type {any} */ { refId }) => refId);
  const columns = [
    ...[...new Set(rows.flatMap(({ labels }) => Object.keys(labels)))].map((name) => ({ name, ref: "" })),
    ...refs.map((/** @type {string} */ ref) => ({ name: refs.length > 1 ? `Value #${ref}` : "Value", ref })),
  ].filter(({ name }) => !excludeByName[name]);
  const titled = (/** @type {string} */ name) => String(renameByName[name] || name);
  const configs = columns.map(({ name, ref }) => configOf(panel.fieldConfig, { name: titled(name), refId: ref }));
  const cell = (/** @type {typeof rows[number]} */ { labels, values }, /** @type {number} */ index) => {
    const { name, ref } = columns[index];
    return ref ? el("td", { class: "figure" }, written(values.get(ref), configs[index])) : el("td", {}, labels[name] ?? "");
  };
  fill(place, el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${panel.title}, the table` }, el("table", { class: "data" },
    el("thead", {}, el("tr", {}, ...columns.map(({ name, ref }, index) => el("th", { scope: "col", class: ref ? "figure" : "" }, configs[index].displayName ?? titled(name))))),
    el("tbody", {}, ...rows.slice(0, MOST_ROWS).map((row) => el("tr", {}, ...columns.map((_, index) => cell(row, index))))))));
}

/** @param {number | undefined} value @param {import("../thresholds.js").FieldConfig} config */
function written(value, config) {
  if (value === undefined) return "";
  return mapped(config, value)?.text ?? formatter(config.unit)(value, config.decimals);
}
