/** A chart's values as a table, for those who cannot see or hover it. */

import { el } from "../dom.js";
import { traceOf } from "../exemplars.js";
import { formatter } from "../format.js";
import { stamp } from "../time.js";

const MOST_ROWS = 200;

/**
 * @param {string} title
 * @param {{ times: number[], lines: import("../chart.js").Line[], exemplars: import("../prometheus.js").Exemplar[], config: import("../thresholds.js").FieldConfig }} data
 */
export function dataTable(title, { times, lines, exemplars, config }) {
  const rows = times.map((_, index) => index).filter((index) => lines.some(({ values }) => values[index] !== null)).toReversed();
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": `${title}, as a table` },
    el("table", { class: "data" },
      el("thead", {}, el("tr", {}, el("th", { scope: "col" }, "Time"), ...lines.map(({ name }) => el("th", { scope: "col", class: "figure" }, name)))),
      el("tbody", {}, ...rows.slice(0, MOST_ROWS).map((index) => el("tr", {},
        el("th", { scope: "row" }, stamp(times[index] * 1000)),
        ...lines.map(({ values, config: own }) => el("td", { class: "figure" }, shown(values[index], own))))))),
    exemplars.length ? exemplarTable(exemplars, config) : null);
}

/** @param {number | null} value @param {import("../thresholds.js").FieldConfig} config */
const shown = (value, config) => (value === null ? "–" : formatter(config.unit)(value, config.decimals));

/** @param {import("../prometheus.js").Exemplar[]} exemplars @param {import("../thresholds.js").FieldConfig} config */
function exemplarTable(exemplars, config) {
  const slowest = exemplars.filter(({ trace }) => trace).toSorted((a, b) => b.value - a.value).slice(0, 50);
  return el("table", { class: "data" },
    el("caption", {}, "Single requests, the slowest first"),
    el("tbody", {}, ...slowest.map((exemplar) => el("tr", {},
      el("th", { scope: "row" }, stamp(exemplar.at * 1000)),
      el("td", { class: "figure" }, formatter(config.unit)(exemplar.value)),
      el("td", {}, el("a", { href: traceOf(exemplar) }, exemplar.trace))))));
}
