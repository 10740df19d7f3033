/** What of a Grafana panel is not shown here, in words that stand in its place or above it. */

import { ALL_SOURCES, SOURCES } from "../variables.js";

const NUMBERS = new Set(["timeseries", "stat", "gauge", "bargauge"]);
const IN_GRAFANA = "open it in Grafana.";

/** @param {any} panel @returns {string[]} the kinds of the data sources that it asks */
const asked = (panel) => [...new Set((panel.targets ?? []).filter((/** @type {any} */ { hide }) => !hide).map((/** @type {any} */ { datasource }) => datasource?.type ?? "prometheus"))].map(String);

/** @param {any} panel @param {boolean} drawn there is something that draws its type @returns {string} why it is not shown, or nothing */
export function refusal(panel, drawn) {
  if (panel.type === "library") return `This panel stands in Grafana's library, and not in the file: unlink it there and export the dashboard again.`;
  const kinds = asked(panel);
  const foreign = kinds.find((each) => !Object.hasOwn(SOURCES, each));
  if (foreign && panel.type !== "text") return `This ${panel.type} panel asks “${foreign}”, and the viewer has only ${ALL_SOURCES}; ${IN_GRAFANA}`;
  if (!drawn) return `A ${panel.type} panel is not shown here; ${IN_GRAFANA}`;
  if (NUMBERS.has(panel.type) && kinds.includes("tempo")) return `A ${panel.type} panel of a TraceQL query is not shown here; ${IN_GRAFANA}`;
  return "";
}

/** @param {any} panel @param {string[]} [done] transformations that are @returns {string[]} in what it differs from Grafana's */
export function differences(panel, done = []) {
  const left = (panel.transformations ?? []).map((/** @type {any} */ { id }) => id).filter((/** @type {string} */ id) => !done.includes(id));
  return [
    panel.repeat ? `Grafana repeats this for each “${panel.repeat}”; here it stands once, for all that are chosen.` : "",
    left.length ? `Grafana transforms what is found (${left.join(", ")}); here it stands as it was found.` : "",
  ].filter(Boolean);
}
