/** One rule: its state in words, what it means, its expression, and each alert that it raised. */

import { link } from "../address.js";
import { el, icon } from "../dom.js";
import { counted, milliseconds, number } from "../format.js";
import { stamp } from "../time.js";
import { stateOf } from "./rules.js";

/** @typedef {import("./rules.js").Rule} Rule */
/** @typedef {import("./rules.js").Alert} Alert */
/** @typedef {import("./rules.js").Texts} Texts */
/** @typedef {{ isOpen: boolean, toggle: () => void, runbook: HTMLElement | null, toggleRunbook: () => void }} How */

/** More of one rule say nothing that these do not. */
const MOST_ALERTS = 50;
/** @type {Record<import("./rules.js").State, [string, string]>} icon and word: none is told by colour alone */
export const SIGNS = { firing: ["bell", "Firing"], failing: ["warn", "Failing"], pending: ["clock", "Pending"], inactive: ["check", "Inactive"] };

/** @param {string} key @param {Rule} rule @param {How} how */
export function ruleCard(key, rule, how) {
  const state = stateOf(rule);
  const summary = rule.alerts?.length ? "" : general(rule.annotations?.summary ?? "");
  return el("article", { class: `rule ${state}`, "aria-label": rule.name },
    el("header", {},
      el("button", { type: "button", class: "rule-open", "aria-expanded": String(how.isOpen), "data-key": key, onclick: how.toggle }, icon(how.isOpen ? "down" : "right"), badge(state), el("h3", {}, rule.name)),
      rule.labels.severity ? el("span", { class: "label" }, rule.labels.severity) : null,
      el("span", { class: "rule-says" }, rule.type === "recording" ? "records a series" : summary)),
    how.isOpen ? details(key, rule, how) : null);
}

/** @param {import("./rules.js").State} state */
export const badge = (state) => el("span", { class: `state ${state}` }, icon(SIGNS[state][0]), SIGNS[state][1]);

/** @param {string} key @param {Rule} rule @param {How} how */
function details(key, rule, { runbook, toggleRunbook }) {
  const { description, runbook_url: url } = rule.annotations ?? {};
  const alerts = rule.alerts ?? [];
  return el("div", { class: "rule-details" },
    rule.lastError ? el("p", { class: "span-error", role: "note" }, icon("warn"), `The last evaluation failed: ${rule.lastError}`) : null,
    alerts.length ? el("ul", { class: "alerts", "aria-label": `Alerts of ${rule.name}` }, ...alerts.slice(0, MOST_ALERTS).map((alert, index) => alertItem(`${key}/${index}`, alert))) : null,
    alerts.length > MOST_ALERTS ? el("p", { class: "count" }, `and ${counted(alerts.length - MOST_ALERTS, "more")}`) : null,
    !alerts.length && description ? el("p", {}, general(description)) : null,
    el("pre", { class: "rule-query" }, rule.query),
    el("p", { class: "rule-links" },
      el("a", { class: "button", href: link("/explore", { query: rule.query }), "data-key": `${key}/explore` }, icon("chart"), "Explore this expression"),
      sectionOf(url) ? el("button", { type: "button", "aria-expanded": String(Boolean(runbook)), "data-key": `${key}/runbook`, onclick: toggleRunbook }, icon("info"), "Runbook") : null,
      isWeb(url) ? el("a", { class: "button", href: url, target: "_blank", rel: "noreferrer", "data-key": `${key}/runbook` }, icon("out"), "Runbook") : null,
      el("span", { class: "count" }, condition(rule))),
    runbook);
}

/** @param {Rule} rule */
function condition({ type, duration, keepFiringFor }) {
  if (type === "recording") return "";
  const wait = duration ? `Fires once it has held for ${milliseconds(duration * 1000)}` : "Fires at once";
  return keepFiringFor ? `${wait}, and for ${milliseconds(keepFiringFor * 1000)} longer.` : `${wait}.`;
}

/** @param {string} key @param {Alert} alert */
function alertItem(key, { state, labels, annotations, activeAt, keepFiringSince, value }) {
  const { summary, description, dashboard_url: dashboard } = annotations;
  return el("li", { class: "alert" },
    el("p", { class: "alert-head" }, badge(state), el("strong", {}, summary ?? labels.alertname)),
    description ? el("p", {}, description) : null,
    el("p", { class: "alert-labels" }, ...Object.entries(labels).filter(([name]) => name !== "alertname").map(([name, text]) => el("span", { class: "label" }, `${name}=${text}`))),
    el("p", { class: "count" }, `Since ${since(activeAt)}; value ${number(Number(value))}. `,
      keepFiringSince ? `No longer so since ${since(keepFiringSince)}. ` : "",
      isOfPage(dashboard) ? el("a", { href: dashboard, "data-key": `${key}/dashboard` }, "Dashboard") : null));
}

/** @param {string} moment */
function since(moment) {
  const at = Date.parse(moment);
  return `${stamp(at)} (${milliseconds(Math.max(1000, Math.round((Date.now() - at) / 1000) * 1000))} ago)`;
}

/** A template, for a person: it has no labels and no value until the rule holds. @param {string} text */
const general = (text) => text.replace(/\{\{\s*\$labels\.(\w+)[^}]*\}\}/g, "‹$1›").replace(/\{\{[^}]*\$value[^}]*\}\}/g, "‹value›").replace(/\{\{[^}]*\}\}/g, "…");

/** The section of the shipped runbook that a rule names. @param {string} [url] */
export const sectionOf = (url) => /^docs\/runbook\.md#([\w-]+)$/.exec(url ?? "")?.[1] ?? "";

/** @param {string} [url] */
const isWeb = (url) => /^https?:\/\//.test(url ?? "");

/** @param {string} [url] */
const isOfPage = (url) => /^\/(?!\/)/.test(url ?? "");
