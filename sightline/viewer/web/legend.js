/** The names and figures under a chart; a click shows one line alone. */

import { calcName, reduced } from "./calcs.js";
import { el } from "./dom.js";
import { formatter } from "./format.js";

/**
 * @param {import("./chart.js").Line[]} lines
 * @param {{ displayMode?: string, calcs?: string[] }} options
 * @param {(line: import("./chart.js").Line, alone: boolean) => void} onpick
 */
export function legend(lines, { displayMode = "list", calcs = [] }, onpick) {
  if (displayMode !== "table") return el("div", { class: "legend" }, ...lines.map((line) => name(line, onpick)));
  return el("table", { class: "legend" },
    el("thead", {}, el("tr", {}, el("th", { scope: "col" }, el("span", { class: "unseen" }, "Series")), ...calcs.map((calc) => el("th", { scope: "col" }, calcName(calc))))),
    el("tbody", {}, ...lines.map((line) => el("tr", {},
      el("td", {}, name(line, onpick)),
      ...calcs.map((calc) => el("td", { class: "figure" }, figure(line, calc)))))));
}

/** @param {import("./chart.js").Line} line @param {string} calc */
function figure(line, calc) {
  const value = reduced(calc, line.values);
  return value === null ? "–" : formatter(line.config.unit)(value, line.config.decimals);
}

/**
 * @param {import("./chart.js").Line} line
 * @param {(line: import("./chart.js").Line, alone: boolean) => void} onpick
 */
function name(line, onpick) {
  return el("button", {
    type: "button",
    class: "legend-name",
    "aria-pressed": String(!line.hidden),
    title: "Click: this one alone, or all again. Ctrl-click: hide or show it.",
    onclick: (/** @type {MouseEvent} */ event) => onpick(line, !(event.ctrlKey || event.metaKey)),
  }, el("i", { class: "swatch", style: { background: line.colour } }), el("span", {}, line.name));
}
