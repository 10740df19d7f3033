/** View: the services and who calls whom, as a map and as tables. */

import { el, empty, failure, fill, icon } from "../dom.js";
import { counted, milliseconds } from "../format.js";
import { isAborted } from "../http.js";
import { serviceColour } from "../palette.js";
import { serviceMap } from "../tempo.js";
import { inSeconds, range } from "../time.js";
import { drawMap, failing, perSecond, tracesBetween, tracesOf } from "./draw.js";

/** @typedef {import("./draw.js").Graph} Graph */
/** @typedef {import("./draw.js").Figures} Figures */

/** Pixels below which the map goes down instead of sidewards. */
const NARROW = 720;
/** More boxes than this are a maze; the tables list them. */
const MOST_BOXES = 60;

/** @param {HTMLElement} root @returns {import("../main.js").View} */
export function mapView(root) {
  let stop = new AbortController();
  const place = el("div");
  fill(root, el("h1", {}, "Service map"), place);

  async function update() {
    stop.abort();
    stop = new AbortController();
    root.classList.add("loading");
    try {
      const graph = await serviceMap(inSeconds(range()), stop.signal);
      // A redrawing must not take away what the keyboard stands on.
      if (!place.contains(document.activeElement)) fill(place, ...(graph.nodes.length || graph.edges.length ? drawn(graph) : [nothing()]));
    } catch (error) {
      if (isAborted(error)) return;
      fill(place, failure(error));
    }
    root.classList.remove("loading");
  }

  /** @param {Graph} graph */
  const drawn = (graph) => [
    graph.nodes.length > MOST_BOXES ? null : el("section", { class: "card map-card", "aria-label": "Map" }, drawMap(graph, root.clientWidth < NARROW),
      graph.edges.length ? null : el("p", { class: "map-note" }, "No call from one service to another was seen in this time range: both must send their spans here, and the caller must pass on its ", el("code", {}, "traceparent"), " header.")),
    table("Services", ["Service"], graph.nodes.map((node) => ({ names: [named(node.service)], href: tracesOf(node.service), label: `Traces of ${node.service}`, figures: node }))),
    graph.edges.length ? table("Calls between services", ["From", "To"], graph.edges.map((edge) => ({ names: [named(edge.client), named(edge.server)], href: tracesBetween(edge), label: `Traces from ${edge.client} to ${edge.server}`, figures: edge }))) : null,
  ];

  update();
  return { title: "Service map", update, close: () => stop.abort() };
}

const nothing = () => empty("No service answered a request in this time range.", "The map is made of spans of kind server, client, producer and consumer: instrument a service, or start ", el("code", {}, "make demo"), ".");

/** @param {string} service */
const named = (service) => el("span", { class: "service-tag" }, el("i", { class: "swatch", style: { background: serviceColour(service) } }), service);

/** @param {string} title @param {string[]} heads @param {{ names: HTMLElement[], href: string, label: string, figures: Figures }[]} rows */
function table(title, heads, rows) {
  const columns = [...heads, "Calls", "Rate", "Errors", "p50", "p95", "p99", "Traces"];
  return el("section", { class: "card" }, el("h2", {}, title), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": title }, el("table", { class: "data" },
    el("thead", {}, el("tr", {}, ...columns.map((name, index) => el("th", { scope: "col", class: index >= heads.length ? "figure" : "" }, name)))),
    el("tbody", {}, ...rows.map(({ names, href, label, figures }) => el("tr", {},
      ...names.map((name, index) => el(index ? "td" : "th", index ? {} : { scope: "row" }, name)),
      ...[figures.calls.toLocaleString("en"), perSecond(figures)].map((text) => el("td", { class: "figure" }, text)),
      el("td", { class: "figure" }, figures.errors ? el("span", { class: "bad", title: counted(figures.errors, "error") }, icon("warn"), failing(figures).replace(" errors", "")) : "–"),
      ...[figures.p50_seconds, figures.p95_seconds, figures.p99_seconds].map((seconds) => el("td", { class: "figure" }, milliseconds(seconds * 1000))),
      el("td", { class: "figure" }, el("a", { href, "aria-label": label }, "Traces"))))))));
}
