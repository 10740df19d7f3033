/** What Prometheus' API tells of rules and alerts, and how they are chosen and ordered. */

import { ask } from "../http.js";

/** @typedef {Record<string, string>} Texts */
/** @typedef {"firing" | "pending" | "inactive" | "failing"} State failing: the rule could not be evaluated */
/** @typedef {{ labels: Texts, annotations: Texts, state: "firing" | "pending", activeAt: string, keepFiringSince?: string, value: string }} Alert */
/**
 * @typedef {object} Rule
 * @property {string} name
 * @property {"alerting" | "recording"} type
 * @property {string} query
 * @property {string} [state] of an alerting one
 * @property {number} [duration] seconds until it fires
 * @property {number} [keepFiringFor] seconds
 * @property {Texts} labels
 * @property {Texts} [annotations]
 * @property {Alert[]} [alerts]
 * @property {string} health
 * @property {string} [lastError]
 */
/** @typedef {{ name: string, file: string, interval: number, lastEvaluation: string, rules: Rule[] }} Group */

/** The worst first. @type {State[]} */
export const STATES = ["firing", "failing", "pending", "inactive"];

/** @param {AbortSignal} [signal] @returns {Promise<Group[]>} */
export const askRules = async (signal) => (await ask("/api/v1/rules", {}, signal)).data.groups;

/** @returns {Promise<Alert[]>} pending and firing ones */
export const askAlerts = async () => (await ask("/api/v1/alerts")).data.alerts;

/** @param {Rule} rule @returns {State} */
export function stateOf({ health, state }) {
  if (state === "firing" || state === "pending") return state;
  return health === "err" ? "failing" : "inactive";
}

/** A series that is recorded as it should be is none of this view's business. @param {Rule} rule */
const isShown = (rule) => rule.type === "alerting" || rule.health === "err";

/** @param {Group[]} groups @returns {Record<State, number>} rules by state */
export function counts(groups) {
  const found = { firing: 0, failing: 0, pending: 0, inactive: 0 };
  for (const rule of groups.flatMap(({ rules }) => rules).filter(isShown)) found[stateOf(rule)]++;
  return found;
}

/** @param {Group[]} groups */
export const firingIn = (groups) => groups.flatMap(({ rules }) => rules).flatMap(({ alerts }) => alerts ?? []).filter(({ state }) => state === "firing").length;

/** @param {Group[]} groups @param {{ states: string[], text: string }} wanted none is all @returns {Group[]} the worst first */
export function chosen(groups, { states, text }) {
  const words = text.toLowerCase().split(/\s+/).filter(Boolean);
  const fits = (/** @type {Group} */ group, /** @type {Rule} */ rule) => isShown(rule)
    && (!states.length || states.includes(stateOf(rule)))
    && words.every((word) => toldOf(group, rule).includes(word));
  return groups
    .map((group) => ({ ...group, rules: group.rules.filter((rule) => fits(group, rule)).toSorted((a, b) => rank(a) - rank(b)) }))
    .filter(({ rules }) => rules.length)
    .toSorted((a, b) => rank(a.rules[0]) - rank(b.rules[0]));
}

/** @param {Rule} rule */
const rank = (rule) => STATES.indexOf(stateOf(rule));

/** What a search looks in. @param {Group} group @param {Rule} rule */
const toldOf = (group, { name, labels, annotations, alerts }) => JSON.stringify([group.name, name, labels, annotations, alerts?.map((alert) => [alert.labels, alert.annotations])]).toLowerCase();
