/** Time series drawn by uPlot: shared crosshair, zoom by drag, thresholds, tooltip and exemplars. */

import { el } from "./dom.js";
import { placeExemplars } from "./exemplars.js";
import { formatter } from "./format.js";
import { namedColour, styled } from "./palette.js";
import { steps } from "./thresholds.js";
import { clock, stamp } from "./time.js";
import { showTooltip } from "./tooltip.js";

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} colour
 * @property {import("./thresholds.js").FieldConfig} config
 * @property {(number | null)[]} values
 * @property {boolean} [hidden]
 */
/**
 * @typedef {object} Drawing
 * @property {number[]} times seconds
 * @property {Line[]} lines
 * @property {import("./thresholds.js").FieldConfig} config
 * @property {import("./prometheus.js").Exemplar[]} exemplars
 * @property {string} [crosshair] charts of the same name share it
 * @property {(start: number, end: number) => void} [onzoom] seconds
 */

const FONT = '11px system-ui, "Segoe UI", Roboto, sans-serif';

/**
 * @param {HTMLElement} place
 * @param {Drawing} drawing
 * @param {number} height
 */
export function chart(place, drawing, height) {
  const tooltip = el("div", { class: "tooltip", hidden: true });
  const options = {
    width: Math.max(place.clientWidth, 80),
    height,
    legend: { show: false },
    padding: [8, 18, 0, 0],
    cursor: cursorOf(drawing),
    scales: { x: { time: true, range: [drawing.times[0], drawing.times[drawing.times.length - 1]] }, y: { range: bounds(drawing) } },
    axes: axesOf(drawing, height),
    series: [{}, ...drawing.lines.map((line) => seriesOf(line))],
    bands: isStacked(drawing) ? bandsOf(drawing.lines) : [],
    hooks: {
      draw: [(/** @type {any} */ plot) => drawThresholds(plot, drawing)],
      ready: [(/** @type {any} */ plot) => {
        plot.over.append(tooltip);
        plot.over.setAttribute("aria-hidden", "true");
        placeExemplars(plot, drawing, tooltip);
      }],
      setSize: [(/** @type {any} */ plot) => placeExemplars(plot, drawing, tooltip)],
      setCursor: [(/** @type {any} */ plot) => showTooltip(plot, drawing, tooltip)],
      setSelect: [(/** @type {any} */ plot) => zoom(plot, drawing)],
    },
  };
  return new uPlot(options, stacked(drawing), place);
}

/** @param {Drawing} drawing */
function cursorOf({ crosshair }) {
  return {
    y: false,
    points: { size: 6 },
    focus: { prox: 24 },
    drag: { x: true, y: false, setScale: false },
    sync: crosshair ? { key: crosshair, setSeries: false } : undefined,
  };
}

/** @param {Drawing} drawing */
const isStacked = ({ config }) => config.custom?.stacking?.mode === "normal" || config.custom?.stacking?.mode === "percent";

/** @param {Drawing} drawing @returns {any[]} */
function stacked(drawing) {
  const { times, lines } = drawing;
  if (!isStacked(drawing)) return [times, ...lines.map(({ values }) => values)];
  const total = times.map(() => 0);
  // From the last to the first: the highest is drawn first, or it would hide the others.
  const sums = lines.toReversed().map(({ values, hidden }) =>
    values.map((value, index) => (hidden || value === null ? value : (total[index] += value))));
  return [times, ...sums.toReversed()];
}

/** A stacked line fills only down to the next one in sight. @param {Line[]} lines */
function bandsOf(lines) {
  const shown = lines.map(({ hidden }, index) => (hidden ? 0 : index + 1)).filter(Boolean);
  return shown.slice(1).map((lower, index) => ({ series: [shown[index], lower] }));
}

/** @param {Line} line */
function seriesOf({ colour, config, hidden }) {
  const { drawStyle = "line", lineWidth = 1, fillOpacity = 0, showPoints = "auto", barAlignment = 0 } = config.custom ?? {};
  const fill = fillOpacity ? colour + Math.round((fillOpacity / 100) * 255).toString(16).padStart(2, "0") : undefined;
  return {
    show: !hidden,
    stroke: colour,
    width: drawStyle === "points" ? 0 : Math.max(lineWidth, 1.5),
    fill,
    paths: drawStyle === "bars" ? uPlot.paths.bars({ size: [0.8, 40], align: barAlignment }) : undefined,
    // A value between two gaps has no line; only a point shows it.
    points: showPoints === "always" || drawStyle === "points" ? { show: true, size: 5 } : { show: false, filter: lonely, size: 5, fill: colour },
  };
}

/** @param {any} plot @param {number} index of the series @returns {number[] | null} values between two gaps */
function lonely(plot, index) {
  const values = plot.data[index];
  const found = [];
  for (let at = 0; at < values.length; at++)
    if (values[at] !== null && (values[at - 1] ?? null) === null && (values[at + 1] ?? null) === null) found.push(at);
  return found.length ? found : null;
}

/** @param {Drawing} drawing @returns {(plot: any, least: number, most: number) => [number, number]} */
function bounds({ config, exemplars, lines }) {
  return (_, least, most) => {
    const shown = lines.some(({ hidden }) => !hidden);
    const top = Math.max(most ?? 0, shown ? exemplarTop(exemplars, most ?? 0) : 0);
    const low = config.min ?? Math.min(least ?? 0, 0);
    const high = config.max ?? (top > low ? top * 1.08 : low + 1);
    return [low, Math.max(high, low + 1e-9)];
  };
}

/** A far outlier must not press the lines flat: beyond three times their top it stands at the edge. */
const exemplarTop = (/** @type {{ value: number }[]} */ exemplars, /** @type {number} */ most) =>
  exemplars.reduce((top, { value }) => Math.max(top, Math.min(value, (most || value) * 3)), 0);

/** @param {Drawing} drawing @param {number} height */
function axesOf({ config }, height) {
  const format = formatter(config.unit);
  const grid = { stroke: styled("--grid"), width: 1 };
  const shared = { stroke: styled("--muted"), font: FONT, grid, ticks: { show: false } };
  return [
    { ...shared, size: 26, space: 70, values: (/** @type {any} */ plot, /** @type {number[]} */ at) => timeTicks(at, plot) },
    {
      ...shared,
      space: height < 100 ? 18 : 32,
      values: (/** @type {any} */ _, /** @type {number[]} */ at) => at.map((value) => format(Number(value.toPrecision(10)))),
      size: (/** @type {any} */ _, /** @type {string[] | null} */ texts) => 16 + 6.2 * Math.max(3, ...(texts ?? []).map((text) => text.length)),
    },
  ];
}

/** @param {number[]} at @param {any} plot */
function timeTicks(at, plot) {
  const span = plot.scales.x.max - plot.scales.x.min;
  if (span > 2 * 86400) return at.map((time) => stamp(time * 1000).slice(5, 16));
  return at.map((time) => (span > 600 ? clock(time * 1000).slice(0, 5) : clock(time * 1000)));
}

/** @param {any} plot @param {Drawing} drawing */
function drawThresholds(plot, { config }) {
  if (!/line|dashed/.test(config.custom?.thresholdsStyle?.mode ?? "")) return;
  const { ctx, bbox } = plot;
  ctx.save();
  for (const { value, color } of steps(config)) {
    if (value === null || value > plot.scales.y.max || value < plot.scales.y.min) continue;
    const y = Math.round(plot.valToPos(value, "y", true));
    ctx.strokeStyle = namedColour(color);
    ctx.setLineDash(config.custom.thresholdsStyle.mode === "line" ? [] : [6, 5]);
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
  }
  ctx.restore();
}

/** @param {any} plot @param {Drawing} drawing */
function zoom(plot, { onzoom }) {
  const { left, width } = plot.select;
  if (width < 4) return;
  const [start, end] = [plot.posToVal(left, "x"), plot.posToVal(left + width, "x")];
  plot.setSelect({ left: 0, width: 0, top: 0, height: 0 }, false);
  onzoom?.(start, end);
}
