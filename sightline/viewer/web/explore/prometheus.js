/** Answers PromQL: a chart over the range, or a table of now. */

import { empty, fill } from "../dom.js";
import { builtins, gridOf, spaced } from "../panels/targets.js";
import { load } from "../panels/timeseries.js";
import { queryInstant } from "../prometheus.js";
import { interpolate } from "../template.js";
import { charted, panelOf, tabled } from "./chart.js";

/** @param {HTMLElement} place @returns {import("./view.js").Answer} */
export function prometheusAnswer(place) {
  const chart = charted(place);
  return async ({ query, show, range, signal }) => {
    const panel = panelOf(query);
    const context = await spaced(panel, { variables: [], range, dashboard: "explore", signal });
    if (show === "table") {
      const written = interpolate(query, [], builtins(context, gridOf(panel, context, place.clientWidth)));
      return tabled(place, await queryInstant(written, range.end / 1000, signal));
    }
    const data = await load(panel, context, place.clientWidth);
    if (!data.empty) return chart(data, { panel, context });
    fill(place, empty("The query is right, and finds nothing in this time range.", "Choose a longer one, or see in the suggestions which names and labels there are."));
    return "nothing found";
  };
}
