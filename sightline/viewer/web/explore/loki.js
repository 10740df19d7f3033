/** Answers LogQL: lines in rows, or a chart and a table of what was counted. */

import { change, get } from "../address.js";
import { empty, fill } from "../dom.js";
import { counted } from "../format.js";
import { quoted } from "../logql.js";
import { logRows } from "../logrows.js";
import { queryEither } from "../loki.js";
import { gridOf, nameOf } from "../panels/targets.js";
import { drawable } from "../panels/timeseries.js";
import { charted, panelOf, tabled } from "./chart.js";

const LIMIT = 1000;

/** @param {HTMLElement} place @returns {import("./view.js").Answer} */
export function lokiAnswer(place) {
  const chart = charted(place);
  const rows = logRows({ label: "Log lines", filterBy });
  return async ({ query, show, range, signal }) => {
    const panel = panelOf(query);
    const context = { variables: [], range, dashboard: "explore", signal };
    const grid = gridOf(panel, context, place.clientWidth);
    const { lines, series } = await queryEither(query, { ...range, limit: LIMIT, step: grid.step, now: show === "table" }, signal);
    if (lines?.length) {
      if (!rows.element.isConnected) fill(place, rows.element);
      rows.show(lines);
      return counted(lines.length, "line") + (lines.length >= LIMIT ? ", the newest; the Logs view scrolls to the older ones" : "");
    }
    if (series?.length && show === "table") return tabled(place, series);
    if (series?.length) {
      const frames = series.map(({ labels, points }) => ({ name: nameOf({ refId: "A" }, labels), refId: "A", labels, points }));
      return chart(drawable(panel, frames, [], grid), { panel, context });
    }
    fill(place, empty("The query is right, and finds nothing in this time range.", "Choose a longer one, or take a condition away."));
    return "nothing found";
  };
}

/** @param {string} name @param {string} value @param {boolean} out */
function filterBy(name, value, out) {
  change({ query: `${get("query").trim()} | ${name}${out ? "!=" : "="}${quoted(value)}` });
}
