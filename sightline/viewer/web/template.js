/** A dashboard's variables: their choices, their values from the address, and `$name` in a query. */

import { withPrefix } from "./address.js";
import { labelValues } from "./prometheus.js";

export const ALL = "$__all";

/**
 * @typedef {object} Variable
 * @property {string} name
 * @property {string} label
 * @property {string} type
 * @property {boolean} multi
 * @property {boolean} includeAll
 * @property {string} allValue
 * @property {string[]} options
 * @property {string[]} value
 * @property {boolean} hidden
 */
/** @typedef {Record<string, string>} Builtins */

/**
 * @param {any[]} declared the dashboard's `templating.list`
 * @param {{ start: number, end: number }} within seconds
 * @returns {Promise<Variable[]>}
 */
export async function loadVariables(declared, within) {
  /** @type {Variable[]} */
  const loaded = [];
  // One after the other: a variable's query may use those before it.
  for (const each of declared.filter(({ type }) => type !== "datasource" && type !== "adhoc")) {
    const options = await choices(each, loaded, within);
    loaded.push({
      name: each.name,
      label: each.label || each.name,
      type: each.type,
      multi: Boolean(each.multi),
      includeAll: Boolean(each.includeAll),
      allValue: each.allValue ?? "",
      options,
      value: current(each, options),
      hidden: each.hide === 2 || each.hide === "hideVariable" || each.type === "constant",
    });
  }
  return loaded;
}

/**
 * @param {any} declared
 * @param {Variable[]} before
 * @param {{ start: number, end: number }} within
 * @returns {Promise<string[]>}
 */
async function choices(declared, before, within) {
  const query = typeof declared.query === "string" ? declared.query : (declared.query?.query ?? declared.definition ?? "");
  if (declared.type !== "query") return query.split(",").map((/** @type {string} */ each) => each.trim()).filter(Boolean);
  const found = /^label_values\(\s*(?:([\s\S]+),\s*)?([A-Za-z_]\w*)\s*\)$/.exec(interpolate(query, before).trim());
  if (!found) return [];
  const values = await labelValues(found[2], found[1]?.trim(), within);
  const picked = declared.regex ? values.flatMap(picker(regexOf(declared.regex))) : values;
  return [...new Set(picked)].filter((value) => value !== "").toSorted();
}

/** @param {string} text written as `/a.*b/` or bare */
const regexOf = (text) => new RegExp(/^\/(.*)\/[a-z]*$/.exec(text)?.[1] ?? text);

/** What matches; of a group in the expression, what that holds. @param {RegExp} wanted @returns {(value: string) => string[]} */
const picker = (wanted) => (value) => {
  const found = wanted.exec(value);
  return found ? [found.groups?.value ?? found[1] ?? value] : [];
};

/** @param {any} declared @param {string[]} options @returns {string[]} */
function current(declared, options) {
  const asked = withPrefix("var-").find(([name]) => name === declared.name)?.[1];
  if (asked?.length) return asked.map((value) => (value === "All" && declared.includeAll ? ALL : value));
  const standard = [declared.current?.value ?? []].flat();
  if (standard.includes(ALL) && declared.includeAll) return [ALL];
  const known = standard.filter((value) => options.includes(value) || !options.length || declared.type === "textbox");
  if (known.length) return known;
  return declared.includeAll ? [ALL] : options.slice(0, 1);
}

/** @param {string} text */
const escapeRegex = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** Inside a quoted string of PromQL a backslash stands for itself only when doubled. @param {string} text */
const quoted = (text) => text.replace(/\\/g, "\\\\").replace(/"/g, '\\"');

/** @param {Variable} variable @returns {string[]} */
const values = (variable) => (variable.value.includes(ALL) ? variable.options : variable.value);

/** As Grafana writes a variable where a format is asked for. @type {Record<string, (values: string[], of: Variable) => string>} */
const FORMATS = {
  raw: (list) => list.join(","),
  glob: (list) => (list.length === 1 ? list[0] : `{${list.join(",")}}`),
  json: (list, { multi }) => JSON.stringify(multi ? list : (list[0] ?? "")),
  percentencode: (list, { multi }) => encodeURIComponent(multi ? `{${list.join(",")}}` : (list[0] ?? "")),
  csv: (list) => list.join(","),
  pipe: (list) => list.join("|"),
  text: (list) => list.join(" + "),
  regex: (list) => group(list.map(escapeRegex)),
  doublequote: (list) => list.map((each) => `"${each}"`).join(","),
  singlequote: (list) => list.map((each) => `'${each}'`).join(","),
  queryparam: (list, { name }) => list.map((each) => `var-${name}=${encodeURIComponent(each)}`).join("&"),
};

/** @param {string[]} list */
const group = (list) => (list.length === 1 ? list[0] : `(${list.join("|")})`);

/** @param {Variable} variable @param {string | undefined} format */
function written(variable, format) {
  const isAll = variable.value.includes(ALL);
  if (format === "queryparam" && isAll) return FORMATS.queryparam([ALL], variable);
  if (format === "text" && isAll) return "All";
  if (isAll && variable.allValue) return variable.allValue;
  const list = values(variable);
  if (format && FORMATS[format]) return FORMATS[format](list, variable);
  if (!variable.multi && !variable.includeAll) return quoted(list[0] ?? "");
  // As Grafana: a variable that may hold several values is a regular expression.
  return list.length ? group(list.map((each) => quoted(escapeRegex(each)))) : ".*";
}

/**
 * @param {string} text with `$name`, `${name:format}` or `[[name]]`
 * @param {Variable[]} variables
 * @param {Builtins} [builtins]
 * @param {string} [standard] the format where the text names none
 */
export function interpolate(text, variables, builtins = {}, standard) {
  return text.replace(/\$(\w+)|\[\[(\w+)\]\]|\$\{([\w.]+)(?::([^}]+))?\}/g, (whole, plain, square, braced, format) => {
    const name = plain ?? square ?? braced;
    if (name in builtins) return builtins[name];
    const variable = variables.find((each) => each.name === name);
    return variable ? written(variable, format ?? standard) : whole;
  });
}

/** @param {string} text @param {Record<string, string>} labels fills `{{label}}` */
export const legend = (text, labels) => text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, name) => labels[name] ?? "");
