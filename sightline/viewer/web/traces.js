/** View: the search for traces. */

import { all, change, get, go, link } from "./address.js";
import { announce, el, empty, failure, fill, icon } from "./dom.js";
import { counted } from "./format.js";
import { isAborted } from "./http.js";
import { search, tagValues } from "./tempo.js";
import { range } from "./time.js";
import { traceList } from "./tracelist.js";
import { readAttribute, readDuration, traceql } from "./traceql.js";

const LIMIT = 200;

/** @returns {import("./traceql.js").Choice} */
const chosen = () => ({
  service: get("service"),
  name: get("name"),
  status: get("status"),
  least: readDuration(get("min")),
  attributes: all("attr").map(readAttribute).filter((each) => each !== null),
});

const query = () => get("query") || traceql(chosen());

/** @param {HTMLElement} root @returns {import("./main.js").View} */
export function tracesView(root) {
  let stop = new AbortController();
  /** @type {string[]} */
  let services = [];
  const bar = el("div", { class: "bar trace-bar" });
  const info = el("div", { class: "log-info" });
  const place = el("div", { class: "trace-place" });
  fill(root, el("h1", { class: "unseen" }, "Traces"), bar, info, place);
  root.classList.add("fills");

  async function update() {
    stop.abort();
    stop = new AbortController();
    const { signal } = stop;
    drawBar();
    const now = range();
    root.classList.add("loading");
    try {
      const found = await search(query(), { start: now.start / 1000, end: now.end / 1000, limit: LIMIT }, signal);
      show(found);
    } catch (error) {
      if (isAborted(error)) return;
      fill(info);
      fill(place, failure(error));
    }
    root.classList.remove("loading");
  }

  /** @param {import("./tempo.js").Summary[]} found */
  function show(found) {
    const order = /** @type {import("./tracelist.js").Order} */ (get("order", "start"));
    const sorted = found.toSorted((a, b) => b[order] - a[order]);
    const scrolled = place.firstElementChild?.scrollTop ?? 0;
    fill(place, found.length ? traceList(sorted, "Traces", { order, onorder: (to) => change({ order: to }) }) : nothing());
    if (place.firstElementChild) place.firstElementChild.scrollTop = scrolled;
    fill(info, counted(found.length, "trace") + (found.length >= LIMIT ? ", the newest; narrow the search for older ones" : ""));
    announce(counted(found.length, "trace"));
  }

  /** @param {string[]} found */
  function offer(found) {
    services = found.toSorted();
    drawBar();
  }

  function drawBar() {
    if (bar.contains(document.activeElement) && document.activeElement?.matches("input, select")) return;
    fill(bar, ...controls(services));
  }

  tagValues("resource.service.name").then(offer, () => {});
  update();
  return { title: "Traces", update, close: () => stop.abort() };
}

function nothing() {
  if (/[?&](service|name|status|min|attr|query)=/.test(location.search)) return empty("No trace matches.", "Take a condition away, or choose a longer time range.");
  return empty("No traces in this time range.", "Send OTLP spans to this viewer: set ", el("code", {}, "OTEL_EXPORTER_OTLP_ENDPOINT"), ", or start ", el("code", {}, "make demo"), ".");
}

/** @param {string[]} services */
function controls(services) {
  const { service, status } = chosen();
  const offered = [...new Set(["", ...services, ...(service ? [service] : [])])];
  return [
    labelled("Service", select("service", offered.map((each) => [each, each || "Any"]), service)),
    labelled("Name", field("name", get("name"), "POST /checkout", 18)),
    labelled("Status", select("status", [["", "Any"], ["error", "Error"], ["ok", "Ok"], ["unset", "Unset"]], status)),
    labelled("Longer than", field("min", get("min"), "500ms", 7, (text) => !text || readDuration(text) !== "", "Write a duration such as 500ms or 2s.")),
    el("div", { class: "chips", role: "group", "aria-label": "Attributes" }, ...all("attr").map(attributeChip), attributeForm()),
    openForm(),
    queryForm(),
  ];
}

/** @param {string} label @param {HTMLElement} input */
const labelled = (label, input) => el("label", {}, label, input);

/** @param {string} param @param {[string, string][]} options @param {string} value */
function select(param, options, value) {
  const set = (/** @type {any} */ event) => {
    event.target.blur();
    change({ [param]: event.target.value, query: null });
  };
  return el("select", { onchange: set }, ...options.map(([each, text]) => el("option", { value: each, selected: each === value }, text)));
}

/**
 * @param {string} param
 * @param {string} value
 * @param {string} placeholder
 * @param {number} size
 * @param {(text: string) => boolean} [valid]
 * @param {string} [advice]
 */
function field(param, value, placeholder, size, valid = () => true, advice = "") {
  const set = (/** @type {any} */ event) => {
    const input = event.target;
    input.setCustomValidity(valid(input.value) ? "" : advice);
    if (input.reportValidity()) change({ [param]: input.value, query: null });
  };
  return el("input", { type: "text", value, placeholder, size, spellcheck: "false", onchange: set, oninput: (/** @type {any} */ event) => event.target.setCustomValidity("") });
}

/** @param {string} text */
function attributeChip(text) {
  const remove = () => change({ attr: all("attr").filter((each) => each !== text), query: null });
  return el("button", { type: "button", class: "chip filter", "aria-pressed": "true", "aria-label": `Remove the condition ${text}`, onclick: remove }, text, icon("close"));
}

function attributeForm() {
  const add = (/** @type {Event} */ event) => {
    event.preventDefault();
    const input = /** @type {HTMLFormElement} */ (event.target).querySelector("input");
    const found = readAttribute(input?.value ?? "");
    input?.setCustomValidity(found ? "" : "Write attribute=value, such as http.route=/orders.");
    if (!found) return void input?.reportValidity();
    input?.blur();
    change({ attr: [...new Set([...all("attr"), `${found.name}${found.op}${found.value}`])], query: null });
  };
  return el("form", { class: "field-form", onsubmit: add, novalidate: true }, el("input", {
    "aria-label": "Add an attribute condition", placeholder: "attribute=value", size: "18", oninput: (/** @type {any} */ event) => event.target.setCustomValidity("") }));
}

function openForm() {
  const open = (/** @type {Event} */ event) => {
    event.preventDefault();
    const input = /** @type {HTMLFormElement} */ (event.target).querySelector("input");
    const id = (input?.value ?? "").trim().toLowerCase();
    input?.setCustomValidity(/^[0-9a-f]{32}$/.test(id) ? "" : "A trace id has 32 hexadecimal digits.");
    if (input?.reportValidity()) go(link(`/traces/${id}`));
  };
  return el("form", { class: "field-form open-trace", onsubmit: open, novalidate: true }, el("input", {
    "aria-label": "Open a trace by its id", placeholder: "Open by trace id", size: "16", spellcheck: "false", oninput: (/** @type {any} */ event) => event.target.setCustomValidity("") }));
}

function queryForm() {
  const run = (/** @type {Event} */ event) => {
    event.preventDefault();
    const input = /** @type {HTMLFormElement} */ (event.target).querySelector("input");
    input?.blur();
    change({ query: input?.value === traceql(chosen()) ? null : input?.value });
  };
  return el("div", { class: "query-place" }, el("form", { class: "query", onsubmit: run },
    el("label", {}, el("span", { class: "query-kind" }, "TraceQL"), el("input", { class: "query-text", value: query(), spellcheck: "false", autocomplete: "off" })),
    get("query") ? el("button", { type: "button", onclick: () => change({ query: null }) }, "Back to the form") : null));
}
