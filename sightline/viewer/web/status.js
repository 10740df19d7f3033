/** View: what arrived, what was refused, and what the store holds. */

import { el, empty, failure, fill, icon } from "./dom.js";
import { counted, formatter, milliseconds } from "./format.js";
import { ask, isAborted } from "./http.js";
import { stamp } from "./time.js";

const bytes = formatter("bytes");
/** @type {[string, string][]} */
const SIGNALS = [["traces", "Spans"], ["logs", "Log records"], ["metrics", "Metric points"], ["scrape", "Scraped points"]];

/** @param {HTMLElement} root @returns {import("./main.js").View} */
export function statusView(root) {
  let stop = new AbortController();

  async function update() {
    stop.abort();
    stop = new AbortController();
    try {
      const status = await ask("/api/status", {}, stop.signal);
      fill(root, el("h1", {}, "Status"), store(status), services(status.received), refused(status.received), removed(status.store), scraped(status.targets ?? []));
    } catch (error) {
      if (!isAborted(error)) fill(root, failure(error));
    }
  }

  update();
  const timer = setInterval(() => document.hidden || update(), 5000);
  const close = () => {
    clearInterval(timer);
    stop.abort();
  };
  return { title: "Status", update, close, timeless: true };
}

/** @param {any} status */
function store({ started, store: kept }) {
  const now = Date.now();
  const facts = [
    ["Running for", milliseconds(now - started * 1000)],
    ["Spans", kept.rows.spans.toLocaleString("en")],
    ["Log lines", kept.rows.logs.toLocaleString("en")],
    ["Metric points", kept.rows.points.toLocaleString("en")],
    ["Oldest", kept.oldest_ns ? stamp(kept.oldest_ns / 1e6) : "–"],
    ["Kept for", kept.retention_seconds ? milliseconds(kept.retention_seconds * 1000) : "–"],
    ["Room taken", room(kept)],
    ["Waiting", bytes(kept.queued_bytes ?? 0)],
    ["Lost", (kept.lost_rows ?? 0).toLocaleString("en")],
    ["Removed by retention", Object.values(kept.removed_by_retention ?? {}).reduce((sum, rows) => sum + Number(rows), 0).toLocaleString("en")],
    ["Stored in", kept.folder ?? "memory, until the viewer ends"],
  ];
  return el("section", { class: "card" }, el("h2", {}, "Store"),
    kept.set_aside ? el("p", { class: "warned", role: "note" }, icon("warn"), kept.set_aside) : null,
    kept.trouble ? el("p", { class: "span-error", role: "alert" }, icon("warn"), kept.trouble) : null,
    el("dl", { class: "figures" }, ...facts.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value)))));
}

/** @param {any} kept */
const room = ({ size_bytes: size, max_bytes: most }) => (most ? `${bytes(size)} of ${bytes(most)}` : bytes(size ?? 0));

/** @param {any} received */
function services({ services: rows }) {
  if (!rows.length) return el("section", { class: "card" }, el("h2", {}, "Received"), empty("Nothing has arrived over OTLP yet.", "Point a service here: ", el("code", {}, "OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:4318"), "."));
  return el("section", { class: "card" }, el("h2", {}, "Received over OTLP"), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Received over OTLP" }, el("table", { class: "data" },
    head("Service", "Signal", "Received", "Stored", "Rejected", "Repeated", "Last"),
    el("tbody", {}, ...rows.map((/** @type {any} */ row) => el("tr", {},
      el("th", { scope: "row" }, row.service),
      el("td", {}, SIGNALS.find(([signal]) => signal === row.signal)?.[1] ?? row.signal),
      ...[row.received, row.accepted, row.rejected, row.duplicates].map((value) => el("td", { class: "figure" }, value.toLocaleString("en"))),
      el("td", { class: "figure nowrap" }, stamp(row.last_received * 1000))))))));
}

/** @param {any[]} targets */
function scraped(targets) {
  if (!targets.length) return null;
  const head = el("thead", {}, el("tr", {}, ...["Job", "Address", "Answers", "Samples", "Last"].map((name, index) => el("th", { scope: "col", class: index > 2 ? "figure" : "" }, name))));
  return el("section", { class: "card" }, el("h2", {}, "Scraped"), el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Scraped" }, el("table", { class: "data" }, head,
    el("tbody", {}, ...targets.map(({ job, url, up, error, samples, last_scrape: last }) => el("tr", {},
      el("th", { scope: "row" }, job), el("td", {}, url),
      el("td", {}, up ? "yes" : el("span", { class: "bad" }, icon("warn"), error || "not yet")),
      el("td", { class: "figure" }, samples.toLocaleString("en")),
      el("td", { class: "figure nowrap" }, last ? stamp(last * 1000) : "–")))))));
}

/** @param {any} received */
function refused({ refused: rows, last_rejection: reasons }) {
  const told = Object.entries(reasons ?? {});
  if (!rows.length && !told.length) return null;
  return el("section", { class: "card" }, el("h2", {}, "Refused, and why"), el("ul", {},
    ...rows.map((/** @type {any} */ row) => el("li", {}, `${counted(row.requests, "request")} of ${row.signal} with ${row.status}, the last at ${stamp(row.last_time * 1000)}: ${row.last_reason}`)),
    ...told.map(([signal, reason]) => el("li", {}, `single items of ${signal}, the last: ${reason}`))));
}

/** @type {Record<string, string>} */
const TABLES = { spans: "Spans", logs: "Log lines", points: "Metric points", exemplars: "Exemplars" };

/** @param {any} kept */
function removed({ removed_by_retention: gone, evicted }) {
  if (!Object.values(gone ?? {}).some(Boolean)) return null;
  const early = (/** @type {string} */ table) => evicted.filter((/** @type {any} */ each) => each.table === table).reduce((/** @type {number} */ sum, /** @type {any} */ { rows }) => sum + rows, 0);
  return el("section", { class: "card" }, el("h2", {}, "Removed by retention, since the start"),
    el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Removed by retention" }, el("table", { class: "data" },
      el("thead", {}, el("tr", {}, ...["What", "Past its age", "To make room", "Whose room"].map((name, index) => el("th", { scope: "col", class: index % 3 ? "figure" : "" }, name)))),
      el("tbody", {}, ...Object.keys(TABLES).filter((table) => gone[table]).map((table) => el("tr", {},
        el("th", { scope: "row" }, TABLES[table]),
        ...[gone[table] - early(table), early(table)].map((rows) => el("td", { class: "figure" }, rows.toLocaleString("en"))),
        el("td", {}, evicted.filter((/** @type {any} */ each) => each.table === table).map((/** @type {any} */ { service, rows }) => `${service || "all"}: ${rows.toLocaleString("en")}`).join(", ") || "–")))))));
}

/** @param {...string} names */
const head = (...names) => el("thead", {}, el("tr", {}, ...names.map((name, index) => el("th", { scope: "col", class: index > 1 ? "figure" : "" }, name))));
