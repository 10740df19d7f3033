/** Asks the queries of a panel and names what comes back. */

import { queryNow, queryVolume } from "../loki.js";
import { exemplars as askExemplars, queryInstant, queryRange, spacing } from "../prometheus.js";
import { remembered } from "../remembered.js";
import { duration, stepFor } from "../time.js";
import { interpolate, legend } from "../template.js";

/**
 * @typedef {object} Context what a panel knows of its dashboard
 * @property {import("../template.js").Variable[]} variables
 * @property {import("../time.js").Range} range
 * @property {string} dashboard
 * @property {AbortSignal} signal
 * @property {number} [spacing] seconds between the samples that rates are made of
 */
/** @typedef {{ name: string, refId: string, labels: Record<string, string>, points: [number, number][] }} Frame */
/** @typedef {import("../prometheus.js").Grid} Grid */

/** The least spacing of samples that is reckoned with, in seconds. */
const SCRAPE = 5;

/** A number that is called current ends now, not at the last full step. @param {any} panel @param {Context} context @param {number} width @returns {Grid} */
export function gridToNow(panel, context, width) {
  const { start, end, step } = gridOf(panel, context, width);
  const late = Math.floor(context.range.end / 1000) - end;
  return { start: start + late, end: end + late, step };
}

/** @param {any} panel @param {Context} context @param {number} width pixels @returns {Grid} */
export function gridOf(panel, { range, variables }, width) {
  const points = panel.maxDataPoints ?? Math.min(Math.max(width / 2, 60), 600);
  const step = stepFor(range, points, leastStep(panel, variables));
  return { start: Math.floor(range.start / 1000 / step) * step, end: Math.floor(range.end / 1000 / step) * step, step };
}

/** What a panel or its queries ask for at least, in seconds. @param {any} panel @param {import("../template.js").Variable[]} variables */
function leastStep(panel, variables) {
  const asked = [panel, ...visible(panel)].map(({ interval }) => duration(interpolate(interval ?? "", variables).replace(/^[<>]/, "")) / 1000);
  return Math.max(SCRAPE, ...asked.filter(Number.isFinite));
}

/** @param {Context} context @param {Grid} grid @returns {import("../template.js").Builtins} */
export function builtins({ range, spacing: apart = SCRAPE }, { step }) {
  const seconds = Math.max(1, Math.round((range.end - range.start) / 1000));
  return {
    __interval: `${step}s`,
    __interval_ms: String(step * 1000),
    // As Grafana: a rate needs four samples.
    __rate_interval: `${Math.max(4 * apart, step + apart)}s`,
    __range: `${seconds}s`,
    __range_s: String(seconds),
    __range_ms: String(seconds * 1000),
    __from: String(range.start),
    __to: String(range.end),
  };
}

/** @param {any} panel */
export const visible = (panel) => (panel.targets ?? []).filter((/** @type {any} */ target) => !target.hide && (target.expr || target.query));

/** @param {any} target @param {Context} context @param {Grid} grid */
export const written = (target, context, grid) => interpolate(target.expr ?? target.query, context.variables, builtins(context, grid));

/** The context with the spacing of the samples that the panel makes rates of. @param {any} panel @param {Context} context @returns {Promise<Context>} */
export async function spaced(panel, context) {
  const rates = visible(panel).filter((/** @type {any} */ { expr, datasource }) => expr?.includes("__rate_interval") && datasource?.type !== "loki");
  const found = await Promise.all(rates.map((/** @type {any} */ target) => {
    const expr = written(target, context, { start: 0, end: 0, step: SCRAPE });
    return remembered(`spacing of ${expr}`, async (within) => [await spacing(expr, within)]);
  }));
  return { ...context, spacing: Math.max(SCRAPE, ...found.flat().map(Math.round)) };
}

/** @param {any} panel @param {Context} context @param {Grid} grid @returns {Promise<Frame[]>} */
export async function frames(panel, context, grid) {
  const answers = await Promise.all(visible(panel).map((/** @type {any} */ target) => answer(target, context, grid)));
  return answers.flat();
}

/** @param {any} target @param {Context} context @param {Grid} grid @returns {Promise<Frame[]>} */
async function answer(target, context, grid) {
  const expr = written(target, context, grid);
  const [instant, range] = target.datasource?.type === "loki" ? [queryNow, queryVolume] : [queryInstant, queryRange];
  const found = target.instant && !target.range ? await instant(expr, context.range.end / 1000, context.signal) : await range(expr, grid, context.signal);
  const legendFormat = interpolate(target.legendFormat ?? "", context.variables, {}, "text");
  return found.map(({ labels, points }) => ({ name: nameOf({ ...target, legendFormat }, labels), refId: target.refId, labels, points }));
}

/** @param {any} target @param {Record<string, string>} labels */
export function nameOf({ legendFormat, refId }, labels) {
  if (legendFormat && legendFormat !== "__auto") return legend(legendFormat, labels) || "value";
  const { __name__ = "", ...rest } = labels;
  const inside = Object.entries(rest).map(([name, value]) => `${name}="${value}"`).join(", ");
  return inside ? `${__name__}{${inside}}` : __name__ || refId;
}

/** @param {any} panel @param {Context} context @param {Grid} grid */
export async function exemplarsOf(panel, context, grid) {
  const wanted = visible(panel).filter((/** @type {any} */ { exemplar, datasource }) => exemplar && datasource?.type !== "loki");
  const found = await Promise.all(wanted.map((/** @type {any} */ target) => askExemplars(written(target, context, grid), grid, context.signal)));
  return found.flat();
}
