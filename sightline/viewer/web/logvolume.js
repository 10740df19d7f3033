/** How many lines of each level there were over time. */

import { change } from "./address.js";
import { chart } from "./chart.js";
import { el, fill } from "./dom.js";
import { levelColour } from "./palette.js";

const ORDER = ["debug", "trace", "unknown", "info", "warn", "warning", "error", "fatal", "critical"];

/**
 * @param {HTMLElement} place
 * @param {import("./prometheus.js").Series[]} series
 * @param {import("./prometheus.js").Grid} grid
 */
export function volumeChart(place, series, { start, end, step }) {
  const times = Array.from({ length: Math.round((end - start) / step) + 1 }, (_, index) => start + index * step);
  const config = { unit: "short", decimals: 0, custom: { drawStyle: "bars", barAlignment: -1, fillOpacity: 100, stacking: { mode: "normal" } } };
  const lines = series.toSorted((a, b) => rank(b) - rank(a)).map(({ labels, points }) => {
    const values = times.map(() => /** @type {number | null} */ (null));
    for (const [at, value] of points) values[Math.round((at - start) / step)] = value;
    const name = labels.detected_level || "unknown";
    return { name, colour: levelColour(name), config, values };
  });
  const canvas = el("div", { class: "canvas" });
  fill(place, canvas);
  const onzoom = (/** @type {number} */ from, /** @type {number} */ to) => change({ from: String(Math.round(from * 1000)), to: String(Math.round(to * 1000)) });
  const { ctx } = chart(canvas, { times, lines, config, exemplars: [], onzoom }, canvas.clientHeight || 76);
  ctx.canvas.setAttribute("role", "img");
  ctx.canvas.setAttribute("aria-label", summary(lines));
}

/** @param {import("./prometheus.js").Series} series */
const rank = ({ labels }) => ORDER.indexOf(labels.detected_level ?? "unknown");

/** @param {{ name: string, values: (number | null)[] }[]} lines */
const summary = (lines) => `Lines over time: ${lines.map(({ name, values }) => `${values.reduce((sum, value) => Number(sum) + Number(value), 0)} ${name}`).join(", ")}`;
