/** Thresholds, value mappings and field overrides of a Grafana panel. */

import { namedColour } from "./palette.js";

/** @typedef {{ value: number | null, color: string }} Step */
/** @typedef {{ unit?: string, decimals?: number, min?: number, max?: number, displayName?: string, color?: any, thresholds?: any, mappings?: any[], links?: any[], noValue?: string, custom?: any }} FieldConfig */

/** @param {FieldConfig} config @returns {Step[]} */
export const steps = (config) => config.thresholds?.steps ?? [];

/** @param {FieldConfig} config @param {number} value @returns {{ colour: string, name: string, alarming: boolean }} */
export function judged(config, value) {
  const all = steps(config);
  const top = config.max ?? 100;
  const limit = (/** @type {Step} */ step) => (config.thresholds?.mode === "percentage" ? ((step.value ?? 0) / 100) * top : (step.value ?? 0));
  const reached = all.filter((step, index) => index === 0 || value >= limit(step));
  const found = reached[reached.length - 1];
  const name = found?.color ?? "text";
  return { colour: namedColour(name), name, alarming: /red|orange|yellow/.test(name) };
}

/** @param {FieldConfig} config @param {number} value @returns {{ text?: string, color?: string } | undefined} */
export function mapped(config, value) {
  for (const mapping of config.mappings ?? []) {
    const found = match(mapping, value);
    if (found) return found;
  }
  return undefined;
}

/** @param {any} mapping @param {number} value */
function match({ type, options }, value) {
  if (type === "value") return options[String(value)];
  if (type === "range") return value >= (options.from ?? -Infinity) && value <= (options.to ?? Infinity) ? options.result : undefined;
  if (type === "special") return ((options.match === "nan" || options.match === "null+nan") && Number.isNaN(value)) ? options.result : undefined;
  return undefined;
}

/**
 * @param {any} fieldConfig of the panel
 * @param {{ name: string, refId: string }} field
 * @returns {FieldConfig}
 */
export function configOf(fieldConfig, { name, refId }) {
  const config = structuredClone(fieldConfig?.defaults ?? {});
  config.custom ??= {};
  for (const { matcher, properties } of fieldConfig?.overrides ?? []) {
    if (!matches(matcher, name, refId)) continue;
    for (const { id, value } of properties) {
      if (id.startsWith("custom.")) config.custom[id.slice(7)] = value;
      else config[id] = value;
    }
  }
  return config;
}

/** @param {{ id: string, options: any }} matcher @param {string} name @param {string} refId */
function matches({ id, options }, name, refId) {
  if (id === "byName") return options === name;
  if (id === "byRegexp") return new RegExp(String(options).replace(/^\/|\/$/g, "")).test(name);
  if (id === "byFrameRefID") return options === refId;
  if (id === "byNames") return (options?.names ?? []).includes(name);
  return false;
}
