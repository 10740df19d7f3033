/** All that is known of one span. */

import { link } from "./address.js";
import { el, icon, iconButton } from "./dom.js";
import { milliseconds } from "./format.js";
import { serviceColour } from "./palette.js";
import { clockMs } from "./time.js";

/** @typedef {import("./tempo.js").Span} Span */
/** @typedef {import("./tempo.js").Attribute} Attribute */

/**
 * @param {Span} span
 * @param {{ start: number, logs: number | null, onlogs: () => void, onclose: () => void }} how
 */
export function spanDetail(span, { start, logs, onlogs, onclose }) {
  return el("aside", { class: "span-detail", "aria-label": `Span ${span.name}` },
    el("header", {},
      el("h2", {}, el("i", { class: "swatch", style: { background: serviceColour(span.service) } }), span.name),
      iconButton("close", "Close the span", onclose)),
    facts(span, start),
    el("p", { class: "span-actions" },
      el("button", { type: "button", class: "primary", onclick: onlogs }, icon("logs"), logs === null ? "Logs of this span" : `Logs of this span (${logs})`),
      el("a", { class: "button", href: link("/logs", { field: [`trace_id=${span.trace}`, `span_id=${span.id}`], from: around(span.start, -1), to: around(span.end, 1), refresh: "off" }) }, icon("out"), "Open in Logs")),
    span.error ? el("p", { class: "span-error", role: "note" }, icon("warn"), span.message || "This span failed.") : null,
    ...span.events.map((event) => eventDetail(event, span.start)),
    attributes("Attributes", span.attributes, true),
    linksDetail(span),
    attributes("Resource", span.resource, false));
}

/** A record may be a little before or after its span. @param {number} at @param {number} sign */
const around = (at, sign) => String(Math.round(at + sign * 300_000));

/** @param {Span} span @param {number} start of the trace */
function facts(span, start) {
  const pairs = [
    ["Service", span.service],
    ["Duration", milliseconds(span.end - span.start)],
    ["Starts", `${clockMs(span.start)} (+${milliseconds(span.start - start)})`],
    ["Status", span.status],
    ["Kind", span.kind || "–"],
    ["Scope", span.scope || "–"],
    ["Span id", span.id],
  ];
  return el("dl", { class: "facts" }, ...pairs.flatMap(([name, value]) => [el("dt", {}, name), el("dd", {}, value)]));
}

/** @param {string} title @param {Attribute[]} list @param {boolean} open */
function attributes(title, list, open) {
  if (!list.length) return null;
  return el("details", { class: "section", open }, el("summary", {}, `${title} `, el("span", { class: "count" }, String(list.length))), table(list));
}

/** @param {Attribute[]} list */
const table = (list) => el("table", { class: "fields" }, el("tbody", {}, ...list.map(({ key, value }) =>
  el("tr", {}, el("th", { scope: "row" }, key), el("td", {}, el("span", { class: "field-value" }, value))))));

/** @param {import("./tempo.js").SpanEvent} event @param {number} start */
function eventDetail(event, start) {
  const of = (/** @type {string} */ key) => event.attributes.find((each) => each.key === key)?.value ?? "";
  const stack = of("exception.stacktrace");
  const rest = event.attributes.filter(({ key }) => !["exception.stacktrace", "exception.type", "exception.message"].includes(key));
  const isException = event.name === "exception";
  return el("section", { class: `event${isException ? " exception" : ""}` },
    el("h3", {}, isException ? icon("warn") : null, isException ? of("exception.type") || "exception" : event.name, el("span", { class: "count" }, ` +${milliseconds(event.at - start)}`)),
    isException && of("exception.message") ? el("p", {}, of("exception.message")) : null,
    stack ? el("pre", { class: "stack", tabindex: "0", "aria-label": "Stack" }, stack) : null,
    rest.length ? table(rest) : null);
}

/** @param {Span} span */
function linksDetail({ links }) {
  if (!links.length) return null;
  return el("details", { class: "section", open: true }, el("summary", {}, "Links ", el("span", { class: "count" }, String(links.length))),
    el("ul", {}, ...links.map((to) => el("li", {}, el("a", { href: link(`/traces/${to.trace}`, { span: to.span }) }, to.trace), to.attributes.length ? table(to.attributes) : null))));
}
