/** View: log lines, filtered and live. */

import { all, change, get } from "./address.js";
import { lineCondition } from "./complete/condition.js";
import { logql as completeLogql } from "./complete/logql.js";
import { conditionField } from "./conditionfield.js";
import { announce, debounce, el, empty, failure, fill, icon, mount } from "./dom.js";
import { counted } from "./format.js";
import { isAborted } from "./http.js";
import { volumeChart } from "./logvolume.js";
import { LEVELS, logql, readFilter, volume, writeFilter } from "./logql.js";
import { logRows } from "./logrows.js";
import { logLines, MOST_LINES } from "./loglines.js";
import { lineLabelValues, queryVolume } from "./loki.js";
import { liveTail } from "./livetail.js";
import { levelTone, onTheme } from "./palette.js";
import { queryLine } from "./queryline.js";
import { range, stepFor } from "./time.js";

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
  /** What was asked, and for which range as the address has it. */
  let shown = "";
  let found = logLines("");
  let total = 0;
  /** @type {ReturnType<typeof liveTail> | null} */
  let live = null;
  const bar = el("div", { class: "bar log-bar" });
  const volumePlace = el("div", { class: "volume" });
  const info = el("div", { class: "log-info" });
  const place = el("div", { class: "log-place" });
  const rows = logRows({ label: "Log lines", filterBy, onend: older });
  fill(root, el("h1", { class: "unseen" }, "Logs"), bar, volumePlace, info, place);
  root.classList.add("fills");
  const endTheme = onTheme(update);

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
    // A refresh of what is being read brings only what is new; the place and the older lines stay.
    const isSame = shown === `${asked}|${now.from}|${now.to}` && rows.element.scrollTop > 0;
    if (!isSame) found = logLines(asked);
    root.classList.add("loading");
    lineLabelValues("service_name", now).then(offer, () => {});
    try {
      await Promise.all([isSame ? found.newer(now, signal) : found.begin(now, signal), drawVolume(now, signal)]);
      shown = `${asked}|${now.from}|${now.to}`;
      show();
    } catch (error) {
      if (isAborted(error)) return;
      shown = "";
      fill(place, failure(error));
      fill(info);
    }
    root.classList.remove("loading");
  }

  async function older() {
    if (live || !shown) return;
    try {
      if (await found.older(range(), stop.signal)) show();
    } catch (error) {
      if (!isAborted(error)) fill(info, el("span", { class: "warned", role: "alert" }, icon("warn"), error instanceof Error ? error.message : String(error)));
    }
  }

  /** @param {import("./time.js").Range} now @param {AbortSignal} signal */
  async function drawVolume(now, signal) {
    const step = stepFor(now, Math.max(40, volumePlace.clientWidth / 14));
    const grid = { start: Math.floor(now.start / 1000 / step) * step, end: Math.ceil(now.end / 1000 / step) * step, step };
    const series = await queryVolume(volume(asked, step), grid, signal);
    total = series.flatMap(({ points }) => points).reduce((sum, [, count]) => sum + count, 0);
    volumeChart(volumePlace, series, grid);
  }

  function show() {
    const { lines, isAll, beyond } = found;
    mount(place, lines.length ? rows.element : nothing());
    if (lines.length) rows.show(lines);
    const more = lines.length >= MOST_LINES ? `, the most that are shown, of about ${total.toLocaleString("en")}; narrow the search for older ones` : ` of about ${total.toLocaleString("en")}; older ones follow as you scroll`;
    fill(info, el("span", {}, counted(lines.length, "line") + (isAll ? "" : more)),
      beyond ? el("span", { class: "warned" }, icon("warn"), `${beyond.toLocaleString("en")} of a single moment are left out`) : null);
    announce(counted(lines.length, "line"));
  }

  function startLive() {
    const now = query();
    if (live && asked === now) return;
    live?.close();
    stop.abort();
    asked = now;
    shown = "";
    fill(volumePlace);
    root.classList.remove("loading");
    live = liveTail(now, { info, place, rows });
  }

  /** @param {string[]} names */
  function offer(names) {
    if (names.join() === services.join()) return;
    services = names;
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
    endTheme();
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
    el("div", { class: "chips", role: "group", "aria-label": "Level" }, ...LEVELS.map((level) => chip(level, "level", levels, levelTone(level)))),
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
