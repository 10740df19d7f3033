/** Tempo's query API; traces come as OTLP in JSON and leave as plain spans. */

import { ask } from "./http.js";
import { inSeconds } from "./time.js";

/** @typedef {{ id: string, service: string, name: string, start: number, duration: number, spans: number, errors: number, services: string[] }} Summary milliseconds */
/** @typedef {{ key: string, value: string }} Attribute */
/** @typedef {{ at: number, name: string, attributes: Attribute[] }} SpanEvent */
/**
 * @typedef {object} Span times in milliseconds
 * @property {string} id
 * @property {string} parent
 * @property {string} trace
 * @property {string} name
 * @property {string} service
 * @property {string} kind
 * @property {string} scope
 * @property {number} start
 * @property {number} end
 * @property {boolean} error
 * @property {string} status
 * @property {string} message
 * @property {Attribute[]} attributes
 * @property {Attribute[]} resource
 * @property {SpanEvent[]} events
 * @property {{ trace: string, span: string, attributes: Attribute[] }[]} links
 */

/** @param {string} query TraceQL @param {{ start: number, end: number, limit: number }} how seconds @param {AbortSignal} [signal] @returns {Promise<Summary[]>} */
export async function search(query, { limit, ...range }, signal) {
  const asked = { q: query, ...whole(range), limit };
  const { traces } = await ask("/api/search", asked, signal);
  return (traces ?? []).map(summary);
}

/** @param {any} found @returns {Summary} */
function summary(found) {
  const stats = Object.entries(found.serviceStats ?? {});
  const sum = (/** @type {string} */ key) => stats.reduce((total, [, each]) => total + (each[key] ?? 0), 0);
  return {
    id: found.traceID,
    service: found.rootServiceName ?? "",
    name: found.rootTraceName ?? "",
    start: Number(BigInt(found.startTimeUnixNano ?? 0) / 1000n) / 1000,
    duration: found.durationMs ?? 0,
    spans: sum("spanCount"),
    errors: sum("errorCount"),
    services: stats.map(([name]) => name),
  };
}

/** @param {{ start: number, end: number }} range seconds @param {AbortSignal} [signal] @returns {Promise<import("./servicemap/draw.js").Graph>} */
export const serviceMap = (range, signal) => ask("/api/service-map", whole(range), signal);

/** @param {{ start: number, end: number }} range seconds */
const whole = ({ start, end }) => ({ start: Math.floor(start), end: Math.ceil(end) });

/** @param {{ start: number, end: number }} within milliseconds @returns {Promise<string[]>} as TraceQL writes them */
export async function tagNames(within) {
  const { scopes } = await ask("/api/v2/search/tags", whole(inSeconds(within)));
  return (scopes ?? []).filter((/** @type {any} */ { name }) => name !== "intrinsic").flatMap((/** @type {any} */ { name, tags }) => tags.map((/** @type {string} */ tag) => `${name}.${tag}`));
}

/** @param {string} tag as TraceQL writes it @param {{ start: number, end: number }} within milliseconds @returns {Promise<{ type: string, value: string }[]>} */
export async function tagValues(tag, within) {
  return (await ask(`/api/v2/search/tag/${encodeURIComponent(tag)}/values`, whole(inSeconds(within)))).tagValues ?? [];
}

/** @param {string} id @param {{ at?: string, signal?: AbortSignal }} how `at` is about when it was, which makes it fast @returns {Promise<Span[]>} */
export async function trace(id, { at, signal }) {
  const data = await ask(`/api/traces/${encodeURIComponent(id)}`, { ts: /^\d{13}$/.test(at ?? "") ? at : undefined }, signal);
  const groups = data.batches ?? data.resourceSpans ?? data.trace?.resourceSpans ?? [];
  return unique(groups.flatMap(ofResource));
}

/** A batch sent again brings its spans again. @param {Span[]} spans */
const unique = (spans) => [...new Map(spans.map((span) => [span.id, span])).values()];

/** @param {any} group @returns {Span[]} */
function ofResource(group) {
  const resource = attributes(group.resource?.attributes);
  const service = resource.find(({ key }) => key === "service.name")?.value ?? "unknown";
  return (group.scopeSpans ?? []).flatMap((/** @type {any} */ scope) =>
    (scope.spans ?? []).map((/** @type {any} */ each) => readSpan(each, service, scope.scope?.name ?? "", resource)),
  );
}

/** @param {any} each @param {string} service @param {string} scope @param {Attribute[]} resource @returns {Span} */
function readSpan(each, service, scope, resource) {
  const code = String(each.status?.code ?? "");
  const error = code === "2" || code === "STATUS_CODE_ERROR";
  return {
    id: hex(each.spanId),
    parent: hex(each.parentSpanId ?? ""),
    trace: hex(each.traceId),
    name: each.name ?? "",
    service,
    kind: kind(each.kind),
    scope,
    start: millis(each.startTimeUnixNano),
    end: millis(each.endTimeUnixNano),
    error,
    status: error ? "error" : code === "1" || code === "STATUS_CODE_OK" ? "ok" : "unset",
    message: each.status?.message ?? "",
    attributes: attributes(each.attributes),
    resource,
    events: (each.events ?? []).map((/** @type {any} */ event) => ({
      at: millis(event.timeUnixNano),
      name: event.name ?? "",
      attributes: attributes(event.attributes),
    })),
    links: (each.links ?? []).map((/** @type {any} */ to) => ({
      trace: hex(to.traceId),
      span: hex(to.spanId),
      attributes: attributes(to.attributes),
    })),
  };
}

/** To the microsecond: the difference of two such numbers is still exact. @param {string | undefined} nano */
const millis = (nano) => Number(BigInt(nano ?? 0) / 1000n) / 1000;

const KINDS = ["", "internal", "server", "client", "producer", "consumer"];

/** @param {string | number | undefined} value */
function kind(value) {
  if (typeof value === "number") return KINDS[value] ?? "";
  return (value ?? "").replace("SPAN_KIND_", "").toLowerCase().replace("unspecified", "");
}

/** Tempo writes ids in base64, others in hex. @param {string} id */
function hex(id) {
  if (!id || /^(?:[0-9a-f]{16}|[0-9a-f]{32})$/i.test(id)) return id.toLowerCase();
  return Array.from(atob(id), (char) => char.charCodeAt(0).toString(16).padStart(2, "0")).join("");
}

/** @param {any[] | undefined} list @returns {Attribute[]} */
const attributes = (list) => (list ?? []).map(({ key, value }) => ({ key, value: text(value ?? {}) })).toSorted((a, b) => (a.key < b.key ? -1 : 1));

/** @param {any} value an OTLP AnyValue @returns {string} */
function text(value) {
  const found = plain(value);
  return typeof found === "string" ? found : JSON.stringify(found) ?? "";
}

/** @param {any} value @returns {any} */
function plain(value) {
  if ("arrayValue" in value) return (value.arrayValue.values ?? []).map(plain);
  if ("kvlistValue" in value) return Object.fromEntries((value.kvlistValue.values ?? []).map((/** @type {any} */ each) => [each.key, plain(each.value)]));
  // A 64-bit number that JavaScript would round stays text.
  if ("intValue" in value) return Number.isSafeInteger(Number(value.intValue)) ? Number(value.intValue) : String(value.intValue);
  return value.stringValue ?? value.boolValue ?? value.doubleValue ?? value.bytesValue ?? "";
}
