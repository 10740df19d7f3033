/** Exemplars over a chart: each is one request, and a link to its trace. */

import { link } from "./address.js";
import { el } from "./dom.js";
import { formatter } from "./format.js";
import { stamp } from "./time.js";
import { moveTooltip } from "./tooltip.js";

/** @param {import("./prometheus.js").Exemplar} exemplar */
export const traceOf = ({ trace, span, at }) => link(`/traces/${trace}`, { span, at: String(Math.round(at * 1000)) });

const MOST = 100;

/**
 * @param {any} plot
 * @param {import("./chart.js").Drawing} drawing
 * @param {HTMLElement} tooltip
 */
export function placeExemplars(plot, { exemplars, config }, tooltip) {
  for (const old of plot.over.querySelectorAll(".exemplar")) old.remove();
  const [start, end] = [plot.scales.x.min, plot.scales.x.max];
  const shown = exemplars.filter(({ at, trace }) => trace && at >= start && at <= end);
  for (const exemplar of spread(shown)) {
    const left = plot.valToPos(exemplar.at, "x");
    const point = el("a", {
      class: "exemplar",
      href: traceOf(exemplar),
      // The table of the panel lists them for the keyboard.
      tabindex: "-1",
      "data-trace": exemplar.trace,
      style: { left: `${left}px`, top: `${Math.max(plot.valToPos(exemplar.value, "y"), 4)}px` },
      onmousedown: (/** @type {Event} */ event) => event.stopPropagation(),
      onmouseenter: () => describe(plot, exemplar, config, tooltip, left),
      onmouseleave: () => (tooltip.hidden = true),
    });
    plot.over.append(point);
  }
}

/** The slowest of each stretch of time are the ones worth a click. @param {import("./prometheus.js").Exemplar[]} all */
function spread(all) {
  if (all.length <= MOST) return all;
  const size = all.length / MOST;
  return Array.from({ length: MOST }, (_, index) =>
    all.slice(Math.floor(index * size), Math.floor((index + 1) * size)).reduce((most, each) => (each.value > most.value ? each : most)));
}

/**
 * @param {any} plot
 * @param {import("./prometheus.js").Exemplar} exemplar
 * @param {import("./thresholds.js").FieldConfig} config
 * @param {HTMLElement} tooltip
 * @param {number} left
 */
function describe(plot, exemplar, config, tooltip, left) {
  const labels = ["service_name", "handler", "http_route", "method", "status"].filter((name) => exemplar.labels[name]);
  tooltip.hidden = false;
  tooltip.replaceChildren(
    el("div", { class: "tooltip-time" }, `One request · ${stamp(exemplar.at * 1000)}`),
    el("div", { class: "tooltip-row" }, el("span", {}, "duration"), el("b", {}, formatter(config.unit)(exemplar.value))),
    ...labels.map((name) => el("div", { class: "tooltip-row" }, el("span", {}, name), el("b", {}, exemplar.labels[name]))),
    el("div", { class: "tooltip-row" }, el("span", {}, "trace"), el("code", {}, `${exemplar.trace.slice(0, 16)}…`)),
    el("div", { class: "tooltip-hint" }, "Click to open the trace"));
  moveTooltip(plot, tooltip, left);
}
