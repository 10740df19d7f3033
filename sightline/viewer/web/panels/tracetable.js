/** Panel: traces that a TraceQL query finds. */

import { fill } from "../dom.js";
import { search } from "../tempo.js";
import { inSeconds } from "../time.js";
import { traceList } from "../tracelist.js";
import { gridOf, visible, written } from "./targets.js";

/**
 * @param {any} panel
 * @param {import("./targets.js").Context} context
 * @param {number} width
 */
export async function load(panel, context, width) {
  const grid = gridOf(panel, context, width);
  const [target] = visible(panel);
  const query = written(target, context, grid);
  const traces = await search(query, { ...inSeconds(context.range), limit: target.limit ?? 20 }, context.signal);
  return { traces, empty: traces.length === 0 };
}

/** @param {HTMLElement} place @param {any} panel @param {{ traces: import("../tempo.js").Summary[] }} data */
export function draw(place, panel, { traces }) {
  fill(place, traceList(traces, `${panel.title}, the list`));
}
