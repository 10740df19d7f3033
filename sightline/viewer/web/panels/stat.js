/** Panels: one number with its recent course, and bars for several. */

import { reduced } from "../calcs.js";
import { el, fill, icon, svg } from "../dom.js";
import { formatter } from "../format.js";
import { tone } from "../palette.js";
import { configOf, judged, mapped } from "../thresholds.js";
import { frames, gridToNow } from "./targets.js";

/** @typedef {{ name: string, value: number, text: string, colour: string, alarming: boolean, points: [number, number][], config: import("../thresholds.js").FieldConfig }} Figure */

/**
 * @param {any} panel
 * @param {import("./targets.js").Context} context
 * @param {number} width
 */
export async function load(panel, context, width) {
  const found = await frames(panel, context, gridToNow(panel, context, width));
  const figures = found.map((frame) => figure(panel, frame)).filter((each) => each !== null);
  return { figures, empty: figures.length === 0 };
}

/** @param {any} panel @param {import("./targets.js").Frame} frame @returns {Figure | null} */
function figure(panel, frame) {
  const config = configOf(panel.fieldConfig, frame);
  const value = reduced(panel.options?.reduceOptions?.calcs?.[0] ?? "lastNotNull", frame.points.map(([, each]) => each));
  if (value === null) return null;
  const { name, alarming } = judged(config, value);
  const word = mapped(config, value);
  return {
    name: config.displayName ?? frame.name,
    value,
    text: word?.text ?? formatter(config.unit)(value, config.decimals),
    colour: tone(word?.color ?? name),
    alarming,
    points: frame.points.filter(([, each]) => Number.isFinite(each)),
    config,
  };
}

/** @param {HTMLElement} place @param {any} panel @param {{ figures: Figure[] }} data */
export function drawStat(place, panel, { figures }) {
  const named = figures.length > 1;
  const curve = panel.options?.graphMode !== "none";
  fill(place, el("div", { class: "stats" }, ...figures.map((each) => el("div", { class: "stat", style: { "--tone": each.colour } },
    curve && each.points.length > 2 ? sparkline(each.points) : null,
    // The sign says what the colour says.
    el("div", { class: "stat-value" }, each.alarming ? icon("warn") : null, each.text),
    named ? el("div", { class: "stat-name" }, each.name) : null))));
}

/** From zero up, or a little change would look like much. @param {[number, number][]} points */
function sparkline(points) {
  const [least, most] = points.reduce(([low, high], [, value]) => [Math.min(low, value), Math.max(high, value)], [0, -Infinity]);
  const [start, end] = [points[0][0], points[points.length - 1][0]];
  const place = (/** @type {[number, number]} */ [at, value]) => `${(((at - start) / (end - start || 1)) * 100).toFixed(2)},${(28 - ((value - least) / (most - least || 1)) * 26).toFixed(2)}`;
  const course = points.map(place).join("L");
  return svg("svg", { class: "sparkline", viewBox: "0 0 100 30", preserveAspectRatio: "none", "aria-hidden": "true" },
    svg("path", { class: "area", d: `M0,30L${course}L100,30Z` }), svg("path", { class: "line", d: `M${course}` }));
}

/** @param {HTMLElement} place @param {any} panel @param {{ figures: Figure[] }} data */
export function drawBars(place, panel, { figures }) {
  const top = panel.fieldConfig?.defaults?.max ?? figures.reduce((most, { value }) => Math.max(most, value), 0);
  const low = panel.fieldConfig?.defaults?.min ?? 0;
  const share = (/** @type {number} */ value) => Math.min(100, Math.max(0, ((value - low) / (top - low || 1)) * 100));
  fill(place, el("ul", { class: "bars", tabindex: "0", "aria-label": panel.title }, ...figures.map((each) => el("li", { style: { "--tone": each.colour } },
    el("span", { class: "bar-name" }, each.name),
    el("span", { class: "bar-track" }, el("span", { class: "bar-fill", style: { width: `${share(each.value)}%` } })),
    el("span", { class: "bar-value" }, each.alarming ? icon("warn") : null, each.text)))));
}
