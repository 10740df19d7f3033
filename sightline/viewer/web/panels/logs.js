/** Panel: the newest log lines of a LogQL query. */

import { fill } from "../dom.js";
import { logRows } from "../logrows.js";
import { queryLines } from "../loki.js";
import { gridOf, visible, written } from "./targets.js";

/**
 * @param {any} panel
 * @param {import("./targets.js").Context} context
 * @param {number} width
 */
export async function load(panel, context, width) {
  const grid = gridOf(panel, context, width);
  const [target] = visible(panel);
  const how = { start: context.range.start, end: context.range.end, limit: target.maxLines ?? 200 };
  const lines = await queryLines(written(target, context, grid), how, context.signal);
  return { lines, empty: lines.length === 0 };
}

/** @type {WeakMap<HTMLElement, ReturnType<typeof logRows>>} */
const drawn = new WeakMap();

/** @param {HTMLElement} place @param {any} panel @param {{ lines: import("../loki.js").Line[] }} data */
export function draw(place, panel, { lines }) {
  let rows = drawn.get(place);
  // A refresh keeps the place and the lines that are open.
  if (!rows || !rows.element.isConnected) {
    rows = logRows({ label: panel.title });
    drawn.set(place, rows);
    fill(place, rows.element);
  }
  rows.show(lines);
}
