/** Traces in a table, each row a link. */

import { link } from "./address.js";
import { el, icon } from "./dom.js";
import { milliseconds } from "./format.js";
import { serviceColour } from "./palette.js";
import { clock, stamp } from "./time.js";

/** @typedef {import("./tempo.js").Summary} Summary */
/** @typedef {"start" | "duration" | "spans" | "errors"} Order */

/** @type {[Order | "", string, string][]} */
const COLUMNS = [["start", "Time", ""], ["", "Trace", ""], ["duration", "Duration", "figure wide"], ["spans", "Spans", "figure"], ["errors", "Errors", "figure"], ["", "Services", ""]];

/**
 * @param {Summary[]} traces
 * @param {string} label
 * @param {{ order: Order, onorder: (order: Order) => void }} [sorting]
 */
export function traceList(traces, label, sorting) {
  const slowest = traces.reduce((most, { duration }) => Math.max(most, duration), 0);
  return el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label },
    el("table", { class: "data traces" },
      el("thead", {}, el("tr", {}, ...COLUMNS.map(([order, name, kind]) =>
        el("th", { scope: "col", class: kind, "aria-sort": order && sorting?.order === order ? "descending" : null },
          order && sorting ? el("button", { type: "button", onclick: () => sorting.onorder(order) }, name, sorting.order === order ? icon("down") : null) : name)))),
      el("tbody", {}, ...traces.map((trace) => row(trace, slowest)))));
}

/** @param {Summary} trace @param {number} slowest */
function row(trace, slowest) {
  const { id, service, name, start, duration, spans, errors, services } = trace;
  return el("tr", {},
    el("td", { class: "nowrap", title: stamp(start) }, clock(start)),
    el("td", { class: "trace-name" },
      el("a", { href: link(`/traces/${id}`, { at: String(Math.round(start)) }) },
        el("span", { style: { color: serviceColour(service) } }, service || "root not received"), " ", name || el("code", {}, id.slice(0, 16)))),
    el("td", { class: "figure wide" }, el("span", { class: "share" }, el("i", { style: { width: `${slowest ? (duration / slowest) * 100 : 0}%`, background: serviceColour(service) } })), el("span", { class: "duration" }, duration ? milliseconds(duration) : "< 1 ms")),
    el("td", { class: "figure" }, spans ? String(spans) : "–"),
    el("td", { class: "figure" }, errors ? el("span", { class: "bad" }, icon("warn"), String(errors)) : "–"),
    el("td", { class: "nowrap" }, ...services.toSorted().map((each) => el("span", { class: "service-tag" }, el("i", { class: "swatch", style: { background: serviceColour(each) } }), each))));
}
