/** Loads a dashboard's variables: their choices, and their values from the address. */

import { withPrefix } from "./address.js";
import { isOutage } from "./http.js";
import { lineLabelValues } from "./loki.js";
import { labelNames, labelValues, queryInstant } from "./prometheus.js";
import { ALL, AUTO, interpolate } from "./template.js";
import { duration, stepFor } from "./time.js";

/** @typedef {import("./template.js").Variable} Variable */
/** @typedef {{ start: number, end: number }} Within seconds */
/** @typedef {{ options: string[], texts?: Map<string, string> }} Choices */

/** The kinds of data source that the viewer stands for. @type {Record<string, string>} */
export const SOURCES = { prometheus: "Prometheus", loki: "Loki", tempo: "Tempo" };
export const ALL_SOURCES = "Prometheus, Loki and Tempo";

/**
 * @param {any[]} declared the dashboard's `templating.list`
 * @param {Within} within
 * @returns {Promise<Variable[]>}
 */
export async function loadVariables(declared, within) {
  /** @type {Variable[]} */
  const loaded = [];
  // One after the other: a variable's query may use those before it.
  for (const each of declared) loaded.push(await load(each, loaded, within));
  return loaded;
}

/** @param {any} declared @param {Variable[]} before @param {Within} within @returns {Promise<Variable>} */
async function load(declared, before, within) {
  /** @type {Choices} */
  let found = { options: [] };
  let problem = "";
  try {
    found = await choices(declared, before, within);
  } catch (error) {
    if (isOutage(error)) throw error;
    problem = error instanceof Error ? error.message : String(error);
  }
  return {
    name: declared.name,
    label: declared.label || declared.name,
    type: declared.type,
    multi: Boolean(declared.multi),
    includeAll: Boolean(declared.includeAll),
    allValue: declared.allValue ?? "",
    options: found.options,
    texts: found.texts,
    value: current(declared, found.options),
    auto: autoOf(declared, within),
    // One that does not work is told, even where its choice would be hidden.
    hidden: !problem && (declared.hide === 2 || declared.hide === "hideVariable" || declared.type === "constant"),
    problem,
  };
}

/** @param {any} declared */
const queryOf = (declared) => (typeof declared.query === "string" ? declared.query : (declared.query?.query ?? declared.definition ?? ""));

/** @type {Record<string, (declared: any, before: Variable[], within: Within) => Choices | Promise<Choices>>} */
const KINDS = {
  query: async (declared, before, within) => ({ options: await queried(declared, before, within) }),
  custom: (declared) => listed(queryOf(declared)),
  interval: (declared) => {
    const { options, texts } = listed(queryOf(declared));
    return declared.auto ? { options: [AUTO, ...options], texts: new Map([[AUTO, "auto"]]) } : { options, texts };
  },
  constant: (declared) => ({ options: [queryOf(declared)] }),
  textbox: (declared) => ({ options: [queryOf(declared)] }),
  datasource: (declared) => {
    const kind = Object.keys(SOURCES).find((each) => queryOf(declared).includes(each));
    if (!kind) throw new Error(`There is no “${queryOf(declared)}” data source here; the viewer has ${ALL_SOURCES}.`);
    return { options: [SOURCES[kind]] };
  },
};

/** @param {any} declared @param {Variable[]} before @param {Within} within */
async function choices(declared, before, within) {
  if (!Object.hasOwn(KINDS, declared.type)) throw new Error(`“${declared.type}” variables do not work here; use this one in Grafana.`);
  return KINDS[declared.type](declared, before, within);
}

/** Of `a, b` or `One : 1, Two : 2`; a comma of a value is written `\,`. @param {string} text @returns {Choices} */
function listed(text) {
  /** @type {Map<string, string>} */
  const texts = new Map();
  const options = (text.match(/(?:\\,|[^,])+/g) ?? []).map((each) => each.replaceAll("\\,", ",").trim()).filter(Boolean).map((each) => {
    const [name, value] = each.split(/\s:\s(.+)/);
    if (value) texts.set(value.trim(), name.trim());
    return (value ?? name).trim();
  });
  return { options, texts };
}

/** @param {any} declared @param {Variable[]} before @param {Within} within */
async function queried(declared, before, within) {
  const seconds = `${Math.max(1, Math.round(within.end - within.start))}s`;
  const query = interpolate(queryOf(declared), before, { __range: seconds, __rate_interval: seconds, __interval: seconds }).trim();
  const values = await answered(declared, query, within);
  const picked = declared.regex ? values.flatMap(picker(regexOf(interpolate(declared.regex, before)))) : values;
  return [...new Set(picked)].filter((value) => value !== "").toSorted();
}

/** @param {any} declared @param {string} query @param {Within} within @returns {Promise<string[]>} */
async function answered(declared, query, within) {
  const found = /^label_values\(\s*(?:([\s\S]+),\s*)?([A-Za-z_]\w*)\s*\)$/.exec(query);
  const label = found?.[2] ?? declared.query?.label;
  if (declared.datasource?.type === "loki" && label) return lineLabelValues(label, { start: within.start * 1000, end: within.end * 1000 });
  if (found) return labelValues(found[2], found[1]?.trim(), within);
  const [, name, asked] = /^(label_names|metrics|query_result)\(([\s\S]*)\)$/.exec(query) ?? [];
  if (name === "label_names") return labelNames(asked.trim() || undefined, within);
  if (name === "metrics") return (await labelValues("__name__", undefined, within)).filter((each) => new RegExp(asked.trim()).test(each));
  if (name === "query_result") return (await queryInstant(asked, within.end)).map(told);
  if (!query) return [];
  throw new Error(`The query “${query}” is not understood here; label_values(metric, label) is.`);
}

/** As Grafana writes an answer, for an expression to pick from. @param {import("./prometheus.js").Series} series */
function told({ labels: { __name__ = "", ...rest }, points }) {
  const inside = Object.entries(rest).map(([name, value]) => `${name}="${value}"`).join(",");
  const [at, value] = points[points.length - 1] ?? [0, 0];
  return `${__name__}${inside && `{${inside}}`} ${value} ${at * 1000}`;
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
  const standard = [declared.current?.value ?? []].flat().map((/** @type {string} */ value) => (value.startsWith(AUTO) ? AUTO : value));
  if (standard.includes(ALL) && declared.includeAll) return [ALL];
  const known = standard.filter((value) => options.includes(value) || !options.length || declared.type === "textbox");
  if (known.length) return known;
  return declared.includeAll ? [ALL] : options.slice(0, 1);
}

/** What an interval is that follows the range. @param {any} declared @param {Within} within */
function autoOf(declared, { start, end }) {
  const least = duration(declared.auto_min ?? "") / 1000 || 1;
  return `${stepFor({ from: "", to: "", start: start * 1000, end: end * 1000 }, declared.auto_count || 30, least)}s`;
}
