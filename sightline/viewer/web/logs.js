/** View: log lines, filtered and live. */

import { all, change, get } from "./address.js";
import { lineCondition } from "./complete/condition.js";
import { logql as completeLogql } from "./complete/logql.js";
import { conditionField } from "./conditionfield.js";
import { announce, debounce, el, empty, failure, fill, icon } from "./dom.js";
import { counted } from "./format.js";
import { isAborted } from "./http.js";
import { volumeChart } from "./logvolume.js";
import { LEVELS, logql, readFilter, volume, writeFilter } from "./logql.js";
import { logRows } from "./logrows.js";
import { lineLabelValues, queryLines, queryVolume } from "./loki.js";
import { liveTail } from "./livetail.js";
import { levelColour } from "./palette.js";
import { queryLine } from "./queryline.js";
import { range, stepFor } from "./time.js";

const LIMIT = 5000;

/** @returns {import("./logql.js").Choice} */
const chosen = () => ({
  services: all("service"),
  levels: all("level"),
  text: get("text"),
  filters: all("field").map(readFilter).filter((each) => each !== null),
});

/** @returns {string} what was typed stands before what was chosen */
const query = () => get("query") || logql(chosen());

/** @param {HTMLElement} root @returns {import("./main.js").View} */
export function logsView(root) {
  let stop = new AbortController();
  /** @type {string[]} */
  let services = [];
  let asked = "";
  /** @type {ReturnType<typeof liveTail> | null} */
  let live = null;
  const bar = el("div", { class: "bar log-bar" });
  const volumePlace = el("div", { class: "volume" });
  const info = el("div", { class: "log-info" });
  const place = el("div", { class: "log-place" });
  const rows = logRows({ label: "Log lines", filterBy });
  fill(root, el("h1", { class: "unseen" }, "Logs"), bar, volumePlace, info, place);
  root.classList.add("fills");

  /** @type {import("./logrows.js").FilterBy} */
  function filterBy(name, value, out) {
    const added = writeFilter({ name, value, out });
    change({ field: [...new Set([...all("field"), added])], query: null });
  }

  async function update() {
    drawBar();
    if (get("live")) return startLive();
    live?.close();
    live = null;
    stop.abort();
    stop = new AbortController();
    const { signal } = stop;
    const now = range();
    asked = query();
    root.classList.add("loading");
    lineLabelValues("service_name", now).then(offer, () => {});
    try {
      const [lines] = await Promise.all([queryLines(asked, { ...now, limit: LIMIT }, signal), drawVolume(now, signal)]);
      show(lines);
    } catch (error) {
      if (isAborted(error)) return;
      fill(place, failure(error));
      fill(info);
    }
    root.classList.remove("loading");
  }

  /** @param {import("./time.js").Range} now @param {AbortSignal} signal */
  async function drawVolume(now, signal) {
    const step = stepFor(now, Math.max(40, volumePlace.clientWidth / 14));
    const grid = { start: Math.floor(now.start / 1000 / step) * step, end: Math.ceil(now.end / 1000 / step) * step, step };
    volumeChart(volumePlace, await queryVolume(volume(asked, step), grid, signal), grid);
  }

  /** @param {import("./loki.js").Line[]} lines */
  function show(lines) {
    fill(place, lines.length ? rows.element : nothing());
    if (lines.length) rows.show(lines);
    const more = lines.length >= LIMIT ? ", the newest; narrow the search for older ones" : "";
    fill(info, el("span", {}, counted(lines.length, "line") + more));
    announce(counted(lines.length, "line"));
  }

  function startLive() {
    const now = query();
    if (live && asked === now) return;
    live?.close();
    stop.abort();
    asked = now;
    fill(volumePlace);
    root.classList.remove("loading");
    live = liveTail(now, { info, place, rows });
  }

  /** @param {string[]} found */
  function offer(found) {
    if (found.join() === services.join()) return;
    services = found;
    drawBar();
  }

  function drawBar() {
    if (bar.contains(document.activeElement) && document.activeElement?.matches("input")) return drawQuery(bar);
    fill(bar, ...controls(services));
    drawQuery(bar);
  }

  function close() {
    stop.abort();
    live?.close();
  }

  update();
  return { title: "Logs", update, close };
}

function nothing() {
  const narrowed = location.search.match(/level=|service=|text=|field=|query=/);
  if (narrowed) return empty("No line matches.", "Take a filter away, or choose a longer time range.");
  return empty("No log lines in this time range.", "Send OTLP logs to this viewer: set ", el("code", {}, "OTEL_EXPORTER_OTLP_ENDPOINT"), " and ", el("code", {}, "OTEL_LOGS_EXPORTER=otlp"), ", or start ", el("code", {}, "make demo"), ".");
}

/** @param {string[]} services */
function controls(services) {
  const { text, levels, services: picked, filters } = chosen();
  const search = debounce((/** @type {string} */ value) => change({ text: value, query: null }, { replace: true }), 300);
  return [
    el("label", { class: "search" }, icon("search"), el("span", { class: "unseen" }, "Text in the line"),
      el("input", { type: "search", placeholder: "Text in the line", value: text, oninput: (/** @type {any} */ event) => search(event.target.value) })),
    el("div", { class: "chips", role: "group", "aria-label": "Level" }, ...LEVELS.map((level) => chip(level, "level", levels, levelColour(level)))),
    el("div", { class: "chips", role: "group", "aria-label": "Service" }, ...[...new Set([...services, ...picked])].map((service) => chip(service, "service", picked))),
    el("div", { class: "chips", role: "group", "aria-label": "Fields" }, ...filters.map(filterChip), fieldForm()),
    liveButton(),
    el("div", { class: "query-place" }),
  ];
}

/** @param {string} value @param {string} param @param {string[]} picked @param {string} [colour] */
function chip(value, param, picked, colour) {
  const on = picked.includes(value);
  const after = on ? picked.filter((each) => each !== value) : [...picked, value];
  return el("button", { type: "button", class: "chip", "aria-pressed": String(on), onclick: () => change({ [param]: after, query: null }) },
    colour ? el("i", { class: "swatch", style: { background: colour } }) : null, value);
}

/** @param {import("./logql.js").Filter} filter */
function filterChip(filter) {
  const text = writeFilter(filter);
  const remove = () => change({ field: all("field").filter((each) => each !== text), query: null });
  return el("button", { type: "button", class: "chip filter", "aria-pressed": "true", "aria-label": `Remove the filter ${text}`, onclick: remove }, text, icon("close"));
}

/** @param {string} text */
function written(text) {
  const filter = readFilter(text);
  return filter ? writeFilter(filter) : "";
}

const fieldForm = () => conditionField({
  label: "Add a field filter",
  placeholder: "field=value",
  source: lineCondition,
  read: written,
  advice: "Write name=value or name!=value.",
  onadd: (added) => change({ field: [...new Set([...all("field"), added])], query: null }),
});

function liveButton() {
  const on = Boolean(get("live"));
  return el("button", { type: "button", class: "chip live", "aria-pressed": String(on), onclick: () => change({ live: on ? null : "1" }) },
    el("i", { class: "live-dot" }), on ? "Live" : "Go live");
}

/** The query that the choices make, and a place to write another. @param {HTMLElement} bar */
function drawQuery(bar) {
  const place = bar.querySelector(".query-place");
  if (!place || place.contains(document.activeElement)) return;
  fill(place, queryLine({
    kind: "LogQL",
    source: completeLogql,
    value: query(),
    onrun: (text) => change({ query: text === logql(chosen()) ? null : text }),
    onback: get("query") ? () => change({ query: null }) : null,
  }));
}
