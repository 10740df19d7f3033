/** View: one trace, its waterfall, the chosen span and the trace's logs. */

import { change, get, link } from "./address.js";
import { announce, debounce, el, empty, failure, fill, icon, iconButton } from "./dom.js";
import { counted, milliseconds } from "./format.js";
import { isAborted } from "./http.js";
import { logRows } from "./logrows.js";
import { quoted } from "./logql.js";
import { queryLines } from "./loki.js";
import { serviceColour } from "./palette.js";
import { spanDetail } from "./span.js";
import { mentions, treeOf } from "./spantree.js";
import { trace as askTrace } from "./tempo.js";
import { stamp } from "./time.js";
import { waterfall } from "./waterfall.js";

/** Log records and late spans of a trace, in milliseconds around it. */
const AROUND = 300_000;
/** A trace just begun may still grow. */
const SETTLED = 15_000;

/** @typedef {import("./loki.js").Line} Line */

/** @param {HTMLElement} root @param {string} id @returns {import("./main.js").View} */
export function traceView(root, id) {
  const view = { title: `Trace ${id.slice(0, 8)}`, update, close, timeless: true };
  const stop = new AbortController();
  const bar = el("div", { class: "bar trace-head" }, el("h1", { class: "unseen" }, view.title));
  const fallPlace = el("div", { class: "fall-place" });
  const detailPlace = el("div", { class: "detail-place", hidden: true });
  const logPlace = el("section", { class: "trace-logs", "aria-label": "Logs of the trace" });
  const rows = logRows({ label: "Logs of the trace", pickSpan: (line) => change({ span: line.fields.span_id }) });
  /** @type {import("./spantree.js").Tree | null} */
  let tree = null;
  /** @type {ReturnType<typeof waterfall> | null} */
  let fall = null;
  /** @type {Line[] | null} */
  let lines = null;
  let shownSpan = "";
  let again = 0;
  root.classList.add("fills");
  fill(root, bar, el("div", { class: "trace-split" }, fallPlace, logPlace, detailPlace));

  async function open() {
    root.classList.add("loading");
    try {
      tree = treeOf(await askTrace(id, { at: get("at"), signal: stop.signal }));
      if (!tree.nodes.size) throw new Error(`Trace ${id} has no spans.`);
      const closed = new Set(get("closed").split(",").filter(Boolean));
      fall = waterfall(tree, {
        closed,
        onpick: (span) => change({ span }, { replace: true }),
        onturn: () => change({ closed: [...closed].join(",") }, { replace: true, quiet: true }),
      });
      drawHead();
      fill(fallPlace, fall.element);
      fall.draw();
      shownSpan = "";
      update();
      await loadLogs();
      if (Date.now() - tree.end < SETTLED) again = setTimeout(reload, 3000);
    } catch (error) {
      if (!isAborted(error)) fill(fallPlace, notFound(error));
    }
    root.classList.remove("loading");
  }

  /** Spans arrive one service after the other: look again while the trace is young. */
  async function reload() {
    const before = tree?.nodes.size ?? 0;
    const found = await askTrace(id, { at: get("at"), signal: stop.signal }).catch(() => []);
    if (found.length > before) open();
    else await loadLogs().catch(() => {});
  }

  async function loadLogs() {
    if (!tree) return;
    const query = `{service_name=~".+"} | trace_id=${quoted(id)}`;
    try {
      lines = await queryLines(query, { start: tree.start - AROUND, end: tree.end + AROUND, limit: 2000, direction: "forward" }, stop.signal);
      lines.reverse();
      drawDetail();
      drawLogs();
    } catch (error) {
      if (!isAborted(error)) fill(logPlace, failure(error));
    }
  }

  function update() {
    if (!tree || !fall) return;
    const span = get("span");
    if (span && span !== shownSpan && tree.nodes.has(span)) fall.select(span);
    shownSpan = span;
    markFound();
    drawDetail();
    if (lines) drawLogs();
  }

  function drawHead() {
    if (!tree) return;
    const first = tree.roots[0].span;
    view.title = `${first.name} (${first.service})`;
    document.title = `${view.title} · Sightline`;
    fill(bar,
      el("a", { class: "button", href: link("/traces") }, "Traces"),
      el("h1", {}, el("span", { style: { color: serviceColour(first.service) } }, first.service), " ", first.name),
      el("dl", { class: "inline-facts" },
        fact("Duration", milliseconds(tree.end - tree.start)),
        fact("Spans", tree.nodes.size.toLocaleString("en")),
        fact("Errors", tree.errors ? el("span", { class: "bad" }, icon("warn"), String(tree.errors)) : "0"),
        fact("Started", stamp(tree.start))),
      el("div", { class: "chips" }, ...tree.services.map((service) => el("span", { class: "service-tag" }, el("i", { class: "swatch", style: { background: serviceColour(service) } }), service))),
      tree.orphans ? el("span", { class: "warned" }, icon("warn"), `${counted(tree.orphans, "span")} without the parent: it was not received`) : null,
      el("div", { class: "trace-id" }, el("code", {}, id), iconButton("copy", "Copy the trace id", copyId)),
      findForm());
  }

  function copyId() {
    navigator.clipboard.writeText(id).then(() => announce("Trace id copied"), () => announce("The browser does not let the page copy"));
  }

  function findForm() {
    const find = debounce((/** @type {string} */ text) => change({ find: text }, { replace: true }), 150);
    const next = (/** @type {KeyboardEvent} */ event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      step(event.shiftKey ? -1 : 1);
    };
    return el("label", { class: "search" }, icon("search"), el("span", { class: "unseen" }, "Search in this trace"),
      el("input", { type: "search", placeholder: "Search in this trace", value: get("find"), onkeydown: next, oninput: (/** @type {any} */ event) => find(event.target.value) }),
      el("span", { class: "found-count" }));
  }

  /** @returns {string[]} in the order of the waterfall */
  function foundIds() {
    const text = get("find").toLowerCase();
    if (!text || !tree) return [];
    return [...tree.nodes.values()].map(({ span }) => span).filter((span) => mentions(span, text)).map(({ id: each }) => each);
  }

  function markFound() {
    const ids = foundIds();
    fall?.mark(new Set(ids));
    const place = bar.querySelector(".found-count");
    if (place) place.textContent = get("find") ? `${ids.length} of ${tree?.nodes.size}` : "";
  }

  /** @param {number} by */
  function step(by) {
    const ids = foundIds();
    const next = ids[(ids.indexOf(get("span")) + by + ids.length) % ids.length];
    if (next) change({ span: next }, { replace: true });
  }

  function drawDetail() {
    const node = tree?.nodes.get(get("span"));
    detailPlace.hidden = !node;
    if (!node || !tree) return void fill(detailPlace);
    const { span } = node;
    const count = lines && lines.filter(({ fields }) => fields.span_id === span.id).length;
    const scrolled = detailPlace.scrollTop;
    const held = detailPlace.contains(document.activeElement);
    fill(detailPlace, spanDetail(span, { start: tree.start, logs: count, onlogs: () => change({ logs: "span" }), onclose: () => change({ span: null, logs: null }) }));
    if (detailPlace.dataset.span === span.id) detailPlace.scrollTop = scrolled;
    else detailPlace.scrollTop = 0;
    detailPlace.dataset.span = span.id;
    if (held) /** @type {HTMLElement | null} */ (detailPlace.querySelector(".span-actions button"))?.focus({ preventScroll: true });
  }

  function drawLogs() {
    if (!lines) return;
    const span = get("logs") === "span" ? get("span") : "";
    const shown = span ? lines.filter(({ fields }) => fields.span_id === span) : lines;
    fill(logPlace,
      el("header", {}, el("h2", {}, span ? "Logs of the span" : "Logs of the trace"), el("span", { class: "count" }, counted(shown.length, "line")),
        span ? el("button", { type: "button", class: "chip", onclick: () => change({ logs: null }) }, "All lines of the trace") : null),
      shown.length ? rows.element : empty(span ? "This span wrote no log line." : "No log line carries this trace id."));
    if (shown.length) rows.show(shown);
  }

  function close() {
    stop.abort();
    clearTimeout(again);
  }

  open();
  return view;
}

/** @param {string} name @param {Node | string} value */
const fact = (name, value) => el("div", {}, el("dt", {}, name), el("dd", {}, value));

/** @param {unknown} error */
function notFound(error) {
  return el("div", {}, failure(error), empty("Is the trace not there?", "A span is sent when it ends, some seconds after: reload. It may also be older than what the viewer keeps, or not sampled."));
}
