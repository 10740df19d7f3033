/** What stands under the pointer of a chart. */

import { el } from "./dom.js";
import { formatter } from "./format.js";
import { stamp } from "./time.js";

/** @param {any} plot @param {import("./chart.js").Drawing} drawing @param {HTMLElement} tooltip */
export function showTooltip(plot, drawing, tooltip) {
  const { idx, left } = plot.cursor;
  // A crosshair that another chart moves brings no tooltip.
  const here = plot.over.matches(":hover");
  if (plot.over.querySelector(".exemplar:hover")) return;
  tooltip.hidden = idx === null || idx === undefined || left < 0 || !here;
  if (tooltip.hidden) return;
  const rows = drawing.lines
    .filter((line) => !line.hidden && line.values[idx] !== null && line.values[idx] !== undefined)
    .toSorted((a, b) => Number(b.values[idx]) - Number(a.values[idx]))
    .slice(0, 20);
  tooltip.replaceChildren(
    el("div", { class: "tooltip-time" }, stamp(drawing.times[idx] * 1000)),
    ...rows.map((line) => el("div", { class: "tooltip-row" },
      el("i", { class: "swatch", style: { background: line.colour } }),
      el("span", {}, line.name),
      el("b", {}, formatter(line.config.unit)(Number(line.values[idx]), line.config.decimals)))));
  moveTooltip(plot, tooltip, left);
}

/** On the side with more room, and never cut off by its panel. @param {any} plot @param {HTMLElement} tooltip @param {number} left */
export function moveTooltip(plot, tooltip, left) {
  const over = plot.over.getBoundingClientRect();
  const { offsetWidth: width, offsetHeight: height } = tooltip;
  const at = left > over.width / 2 ? over.left + left - width - 14 : over.left + left + 14;
  tooltip.style.left = `${Math.max(4, Math.min(at, innerWidth - width - 4))}px`;
  tooltip.style.top = `${Math.max(4, Math.min(over.top + 4, innerHeight - height - 4))}px`;
}
