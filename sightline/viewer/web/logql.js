/** Writes LogQL from what was chosen in the logs view. */

/** @typedef {{ name: string, value: string, out: boolean }} Filter */
/** @typedef {{ services: string[], levels: string[], text: string, filters: Filter[] }} Choice */

export const LEVELS = ["critical", "error", "warn", "info", "debug"];
/** These are labels of the stream; all other fields stand beside the line. */
const STREAM = new Set(["service_name", "service_namespace", "deployment_environment_name"]);
/** Severities arrive under more names than the buttons have. @type {Record<string, string>} */
const ALIKE = { critical: "critical|fatal", warn: "warn|warning", debug: "debug|trace" };

/** @param {string} text */
export const quoted = (text) => `"${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n").replace(/\r/g, "\\r").replace(/\t/g, "\\t")}"`;

/** @param {string} text */
const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** @param {Choice} choice */
export function logql({ services, levels, text, filters }) {
  const known = filters.filter(({ name }) => STREAM.has(name));
  const matchers = [...serviceMatcher(services, known), ...known.map(condition)];
  const stages = filters.filter(({ name }) => !STREAM.has(name)).map((filter) => ` | ${condition(filter)}`);
  return `{${matchers.join(", ")}}${text ? ` |= ${quoted(text)}` : ""}${levelStage(levels)}${stages.join("")}`;
}

/** @param {Filter} filter */
const condition = ({ name, value, out }) => `${name}${out ? "!=" : "="}${quoted(value)}`;

/** A selector must choose something. @param {string[]} services @param {Filter[]} known */
function serviceMatcher(services, known) {
  if (services.length === 1) return [`service_name=${quoted(services[0])}`];
  if (services.length) return [`service_name=~${quoted(services.map(escaped).join("|"))}`];
  return known.some(({ out }) => !out) ? [] : ['service_name=~".+"'];
}

/** @param {string[]} levels */
function levelStage(levels) {
  if (!levels.length) return "";
  const names = levels.map((level) => ALIKE[level] ?? level).join("|");
  return names.includes("|") ? ` | detected_level=~${quoted(names)}` : ` | detected_level=${quoted(names)}`;
}

/** @param {string} query @param {number} step seconds */
export const volume = (query, step) => `sum by (detected_level) (count_over_time(${query} [${step}s]))`;

/** In the address a filter is `name=value` or `name!=value`. @param {Filter} filter */
export const writeFilter = ({ name, value, out }) => `${name}${out ? "!=" : "="}${value}`;

/** The value to the letter: it may begin with a blank, or stand in quotes. @param {string} text @returns {Filter | null} */
export function readFilter(text) {
  const found = /^([A-Za-z_][\w.]*)(!?=)([\s\S]*)$/.exec(text);
  return found && { name: found[1].replace(/\./g, "_"), value: found[3], out: found[2] === "!=" };
}
