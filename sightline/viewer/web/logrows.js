/** Log lines in rows; an open one shows its fields, each of which can become a filter. */

import { link } from "./address.js";
import { el, icon, iconButton } from "./dom.js";
import { levelTone, serviceColour } from "./palette.js";
import { virtualRows } from "./rows.js";
import { clockMs, stamp } from "./time.js";

/** @typedef {import("./loki.js").Line} Line */
/** @typedef {(name: string, value: string, out: boolean) => void} FilterBy */

export const LINE_HEIGHT = 26;
/** Stand in the row already, or say nothing to a reader. */
const QUIET = new Set(["service_name", "service_namespace", "deployment_environment_name", "trace_id", "span_id", "detected_level", "severity_text", "severity_number", "scope_name", "observed_timestamp", "flags", "service_instance_id", "service_version", "level"]);

/** @param {Line} line */
export const levelOf = ({ fields }) => (fields.detected_level || fields.level || fields.severity_text || "unknown").toLowerCase();

/** @param {Line} line */
export const traceOfLine = ({ fields, ms }) => link(`/traces/${fields.trace_id}`, { span: fields.span_id, at: String(Math.round(ms)) });

/**
 * @param {object} how
 * @param {string} how.label
 * @param {FilterBy} [how.filterBy]
 * @param {(line: Line) => void} [how.pickSpan] instead of a link to the trace
 * @param {() => void} [how.onend] older lines are wanted
 */
export function logRows({ label, filterBy, pickSpan, onend }) {
  const rows = virtualRows({
    height: LINE_HEIGHT,
    key: (/** @type {Line} */ { key }) => key,
    row,
    onend,
    props: { class: "log-rows", role: "list", "aria-label": label, onkeydown: move },
  });

  /** @param {Line} line @returns {HTMLElement} */
  function row(line) {
    const level = levelOf(line);
    const service = line.fields.service_name ?? "";
    return el("div", { class: "log-row", role: "listitem", "data-level": level },
      el("button", { type: "button", class: "log-open", "data-key": line.key, "aria-expanded": String(rows.isOpen(line)), onclick: () => rows.toggle(line, () => details(line, filterBy)) },
        el("i", { class: "log-mark", style: { background: levelTone(level) } }),
        el("time", { title: stamp(line.ms) }, clockMs(line.ms)),
        el("span", { class: "log-level", style: { color: levelTone(level) } }, level),
        el("span", { class: "log-service", style: { color: serviceColour(service) } }, service),
        el("span", { class: "log-line" }, line.line, ...brief(line))),
      line.fields.trace_id ? toTrace(line) : null);
  }

  /** @param {Line} line */
  function toTrace(line) {
    if (pickSpan) return line.fields.span_id ? el("button", { type: "button", class: "log-trace", onclick: () => pickSpan(line) }, icon("trace"), "Span") : null;
    return el("a", { class: "log-trace", href: traceOfLine(line), title: `Open trace ${line.fields.trace_id}` }, icon("trace"), "Trace");
  }

  /** @param {KeyboardEvent} event */
  function move(event) {
    const step = event.key === "ArrowDown" ? 1 : event.key === "ArrowUp" ? -1 : 0;
    const focused = /** @type {HTMLElement} */ (event.target);
    if (!step || !focused.matches(".log-open")) return;
    event.preventDefault();
    const all = [...rows.element.querySelectorAll(".log-open")];
    const next = /** @type {HTMLElement | undefined} */ (all[all.indexOf(focused) + step]);
    next?.focus({ preventScroll: true });
    if (next) rows.reveal(next.getAttribute("data-key") ?? "");
  }

  return { element: rows.element, show: rows.show };
}

/** What every line of a process repeats. */
const OF_RESOURCE = /^(telemetry|process|host|os|container|k8s|cloud|code)_/;
const isQuiet = (/** @type {string} */ name) => QUIET.has(name) || OF_RESOURCE.test(name);
/** The request comes last: the event's own fields say more. */
const weight = (/** @type {string} */ name) => Number(name === "request_id" || name === "client");

/** The event's own fields, as many as fit. @param {Line} line @returns {HTMLElement[]} */
function brief({ fields }) {
  const own = Object.entries(fields).filter(([name, value]) => !isQuiet(name) && value !== "").toSorted(([a], [b]) => weight(a) - weight(b));
  return own.slice(0, 14).map(([name, value]) => el("span", { class: "log-field" }, el("span", { class: "log-name" }, `${name}=`), value.slice(0, 160)));
}

/** @param {Line} line @param {FilterBy | undefined} filterBy */
function details(line, filterBy) {
  const names = Object.keys(line.fields).toSorted((a, b) => Number(isQuiet(a)) - Number(isQuiet(b)) || (a < b ? -1 : 1));
  return el("div", { class: "log-detail", role: "listitem" },
    el("pre", { tabindex: "0", "aria-label": "The line" }, line.line),
    el("table", { class: "fields" }, el("tbody", {},
      el("tr", {}, el("td", {}), el("th", { scope: "row" }, "time"), el("td", {}, el("span", { class: "field-value" }, new Date(line.ms).toISOString()))),
      ...names.map((name) => field(name, line, filterBy)))));
}

/** @param {string} name @param {Line} line @param {FilterBy | undefined} filterBy */
function field(name, line, filterBy) {
  const value = line.fields[name];
  const trace = name === "trace_id" && value;
  return el("tr", {},
    el("td", { class: "field-tools" }, ...(filterBy ? [
      iconButton("plus", `Only lines with this ${name}`, () => filterBy(name, value, false)),
      iconButton("minus", `Without lines with this ${name}`, () => filterBy(name, value, true)),
    ] : [])),
    el("th", { scope: "row" }, name),
    el("td", {}, trace ? el("a", { href: traceOfLine(line) }, value) : el("span", { class: "field-value" }, value)));
}
