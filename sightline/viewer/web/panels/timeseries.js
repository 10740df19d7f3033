/** Panel: lines over time. */

import { change } from "../address.js";
import { chart } from "../chart.js";
import { el, fill } from "../dom.js";
import { legend } from "../legend.js";
import { namedColour, seriesColour } from "../palette.js";
import { configOf, judged } from "../thresholds.js";
import { dataTable } from "./datatable.js";
import { exemplarsOf, frames, gridOf } from "./targets.js";

/** @typedef {import("./targets.js").Context} Context */

/**
 * @param {any} panel
 * @param {Context} context
 * @param {number} width
 */
export async function load(panel, context, width) {
  const grid = gridOf(panel, context, width);
  const [found, exemplars] = await Promise.all([frames(panel, context, grid), exemplarsOf(panel, context, grid)]);
  return drawable(panel, found, exemplars, grid);
}

/**
 * @param {any} panel
 * @param {import("./targets.js").Frame[]} found
 * @param {import("../prometheus.js").Exemplar[]} exemplars
 * @param {import("../prometheus.js").Grid} grid
 */
export function drawable(panel, found, exemplars, grid) {
  const times = Array.from({ length: Math.round((grid.end - grid.start) / grid.step) + 1 }, (_, index) => grid.start + index * grid.step);
  const lines = found.map((frame, index) => line(panel, frame, index, times, grid.step));
  return { times, lines, exemplars, config: configOf(panel.fieldConfig, { name: "", refId: "" }), empty: exemplars.length === 0 && lines.every(({ values }) => values.every((value) => value === null)) };
}

/**
 * @param {any} panel
 * @param {import("./targets.js").Frame} frame
 * @param {number} index
 * @param {number[]} times
 * @param {number} step
 */
function line(panel, frame, index, times, step) {
  /** @type {(number | null)[]} */
  const values = times.map(() => null);
  for (const [at, value] of frame.points) {
    const slot = Math.round((at - times[0]) / step);
    if (slot >= 0 && slot < values.length && Number.isFinite(value)) values[slot] = value;
  }
  const config = configOf(panel.fieldConfig, frame);
  return { name: config.displayName ?? frame.name, config, values, colour: colourOf(config, index, values), hidden: false };
}

/** @param {import("../thresholds.js").FieldConfig} config @param {number} index @param {(number | null)[]} values */
function colourOf(config, index, values) {
  if (config.color?.mode === "fixed" && config.color.fixedColor) return namedColour(config.color.fixedColor);
  if (config.color?.mode === "thresholds") return judged(config, values.findLast((value) => value !== null) ?? 0).colour;
  return seriesColour(index);
}

/**
 * @param {HTMLElement} place
 * @param {any} panel
 * @param {Awaited<ReturnType<typeof load>>} data
 * @param {{ context: Context, table: boolean, hidden: ReturnType<typeof import("../hiddenlines.js").hiddenLines> }} how
 */
export function draw(place, panel, data, how) {
  for (const each of data.lines) each.hidden = how.hidden.has(each.name);
  if (how.table) return void fill(place, dataTable(panel.title, data));
  const canvas = el("div", { class: "canvas" });
  const { showLegend = true, ...options } = panel.options?.legend ?? {};
  const names = showLegend ? legend(data.lines, options, (picked, alone) => {
    how.hidden.pick(data.lines.map(({ name }) => name), picked.name, alone);
    draw(place, panel, data, how);
  }) : null;
  fill(place, el("div", { class: "chart" }, canvas, names && el("div", { class: "legend-place" }, names)));
  const plot = chart(canvas, {
    ...data,
    crosshair: how.context.dashboard,
    onzoom: (start, end) => change({ from: String(Math.round(start * 1000)), to: String(Math.round(end * 1000)) }),
  }, canvas.clientHeight);
  const drawn = plot.ctx.canvas;
  drawn.setAttribute("role", "img");
  drawn.setAttribute("aria-label", `${panel.title}: ${data.lines.map(({ name }) => name).slice(0, 8).join(", ")}. The table button lists the values.`);
  watchSize(canvas, plot);
}

/** @param {HTMLElement} canvas @param {any} plot */
function watchSize(canvas, plot) {
  const observer = new ResizeObserver(() => {
    if (!canvas.isConnected) {
      observer.disconnect();
      plot.destroy();
    } else if (canvas.clientWidth !== plot.width || canvas.clientHeight !== plot.height)
      plot.setSize({ width: canvas.clientWidth, height: canvas.clientHeight });
  });
  observer.observe(canvas);
}
