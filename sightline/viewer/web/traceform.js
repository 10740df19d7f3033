/** The form of the search for traces, and the TraceQL that it writes. */

import { all, change, get, go, link } from "./address.js";
import { combobox } from "./combobox.js";
import { spanCondition, valueOf } from "./complete/condition.js";
import { traceql as completeTraceql } from "./complete/traceql.js";
import { conditionField } from "./conditionfield.js";
import { el, icon } from "./dom.js";
import { queryLine } from "./queryline.js";
import { readAttribute, readDuration, traceql } from "./traceql.js";

/** @returns {import("./traceql.js").Choice} */
const chosen = () => ({
  service: get("service"),
  route: get("route"),
  name: get("name"),
  status: get("status"),
  least: readDuration(get("min")),
  most: readDuration(get("max")),
  attributes: all("attr").map(readAttribute).filter((each) => each !== null),
});

/** @returns {string} what was typed stands before what was chosen */
export const query = () => get("query") || traceql(chosen());

/** @param {string[]} services @returns {HTMLElement[]} */
export function traceForm(services) {
  const { service, status } = chosen();
  const offered = [...new Set(["", ...services, ...(service ? [service] : [])])];
  return [
    labelled("Service", select("service", offered.map((each) => [each, each || "Any"]), service)),
    valueField("Route", "route", "span.http.route", "/checkout"),
    valueField("Span", "name", "name", "POST /checkout"),
    labelled("Status", select("status", [["", "Any"], ["error", "Error"], ["ok", "Ok"], ["unset", "Unset"]], status)),
    labelled("Longer than", durationField("min", "500ms")),
    labelled("Shorter than", durationField("max", "2s")),
    el("div", { class: "chips", role: "group", "aria-label": "Attributes" }, ...all("attr").map(attributeChip), attributeForm()),
    openForm(),
    el("div", { class: "query-place" }, queryLine({
      kind: "TraceQL",
      source: completeTraceql,
      value: query(),
      onrun: (text) => change({ query: text === traceql(chosen()) ? null : text }),
      onback: get("query") ? () => change({ query: null }) : null,
    })),
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

/** @param {string} label @param {string} param @param {string} tag whose values are offered @param {string} placeholder */
function valueField(label, param, tag, placeholder) {
  const set = (/** @type {string} */ text) => change({ [param]: text.trim(), query: null });
  const leave = (/** @type {string} */ text) => (input.blur(), set(text));
  const { element, input } = combobox({ source: valueOf(tag), onenter: leave, onwhole: leave, props: { value: get(param), placeholder, size: 15, "aria-label": label, onchange: () => set(input.value) } });
  return el("span", { class: "labelled" }, el("span", { "aria-hidden": "true" }, label), element);
}

/** @param {string} param @param {string} placeholder */
function durationField(param, placeholder) {
  const set = (/** @type {any} */ { target: input }) => {
    input.setCustomValidity(!input.value || readDuration(input.value) ? "" : "Write a duration such as 500ms or 2s.");
    if (!input.reportValidity()) return;
    // While it has the focus, the form is not drawn anew.
    input.blur();
    change({ [param]: input.value, query: null });
  };
  return el("input", { type: "text", value: get(param), placeholder, size: 6, spellcheck: "false", onchange: set, oninput: (/** @type {any} */ event) => event.target.setCustomValidity("") });
}

/** @param {string} text */
function attributeChip(text) {
  const remove = () => change({ attr: all("attr").filter((each) => each !== text), query: null });
  return el("button", { type: "button", class: "chip filter", "aria-pressed": "true", "aria-label": `Remove the condition ${text}`, onclick: remove }, text, icon("close"));
}

/** @param {string} text */
function written(text) {
  const found = readAttribute(text);
  return found ? `${found.name}${found.op}${found.value}` : "";
}

const attributeForm = () => conditionField({
  label: "Add an attribute condition",
  placeholder: "attribute=value",
  source: spanCondition,
  read: written,
  advice: "Write attribute=value, such as http.route=/orders.",
  onadd: (added) => change({ attr: [...new Set([...all("attr"), added])], query: null }),
});

function openForm() {
  const open = (/** @type {Event} */ event) => {
    event.preventDefault();
    const input = /** @type {HTMLFormElement} */ (event.target).querySelector("input");
    const id = (input?.value ?? "").trim().toLowerCase();
    input?.setCustomValidity(/^[0-9a-f]{32}$/.test(id) ? "" : "A trace id has 32 hexadecimal digits.");
    if (input?.reportValidity()) go(link(`/traces/${id}`));
  };
  return el("form", { class: "field-form open-trace", onsubmit: open, novalidate: true }, el("input", {
    type: "text", "aria-label": "Open a trace by its id", placeholder: "Open by trace id", size: "16", spellcheck: "false", oninput: (/** @type {any} */ event) => event.target.setCustomValidity("") }));
}
