/** Series of an answer as a chart with its legend, or the newest values as a table. */

import { el, fill } from "../dom.js";
import { counted, number } from "../format.js";
import { hiddenLines } from "../hiddenlines.js";
import { draw } from "../panels/timeseries.js";

/** @typedef {import("../prometheus.js").Series} Series */

/** So many lines can still be told apart, and drawn at once. */
const MOST_LINES = 100;
const MOST_ROWS = 1000;

/** A panel as Grafana would write it, for a query that has none. @param {string} expr */
export const panelOf = (expr) => ({
  title: "Answer",
  fieldConfig: { defaults: { custom: { lineWidth: 1 } } },
  options: { legend: { displayMode: "table", calcs: ["lastNotNull", "max"] } },
  // A point of an exemplar is a duration: it belongs only where durations are drawn.
  targets: [{ expr, refId: "A", exemplar: /histogram_quantile/.test(expr) }],
});

/** @param {HTMLElement} place @returns {(data: any, how: { panel: any, context: any }) => string} */
export function charted(place) {
  const hidden = hiddenLines("");
  return (data, { panel, context }) => {
    const all = data.lines.length;
    const holder = el("div", { class: "explore-chart" });
    fill(place, holder);
    draw(holder, panel, { ...data, lines: data.lines.slice(0, MOST_LINES) }, { context, table: false, hidden });
    return counted(all, "series").replace(/seriess$/, "series") + (all > MOST_LINES ? `, of which the first ${MOST_LINES} are drawn; narrow the query or add topk()` : "");
  };
}

/** @param {HTMLElement} place @param {Series[]} found */
export function tabled(place, found) {
  const names = [...new Set(found.flatMap(({ labels }) => Object.keys(labels)))].toSorted((a, b) => Number(b === "__name__") - Number(a === "__name__") || (a < b ? -1 : 1));
  const head = [...names, "Value"].map((name, index) => el("th", { scope: "col", class: index === names.length ? "figure" : "" }, name));
  fill(place, el("div", { class: "scroll explore-table", tabindex: "0", role: "region", "aria-label": "Answer" }, el("table", { class: "data" },
    el("thead", {}, el("tr", {}, ...head)),
    el("tbody", {}, ...found.slice(0, MOST_ROWS).map(({ labels, points }) => el("tr", {}, ...names.map((name) => el("td", {}, labels[name] ?? "")), el("td", { class: "figure" }, exact(points.at(-1)?.[1]))))))));
  return found.length > MOST_ROWS ? `${counted(found.length, "row")}, of which ${MOST_ROWS} are shown` : counted(found.length, "row");
}

/** All digits: a table is read where a chart is not exact enough. @param {number | undefined} value */
const exact = (value) => (value === undefined ? "" : Number.isFinite(value) ? String(value) : number(value));
