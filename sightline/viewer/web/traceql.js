/** Writes TraceQL from what was chosen in the traces view. */

/** @typedef {{ name: string, op: string, value: string }} Attribute */
/** @typedef {{ service: string, route: string, name: string, status: string, least: string, most: string, attributes: Attribute[] }} Choice */

/** @param {string} text */
const quoted = (text) => `"${text.replace(/\\/g, "\\\\").replace(/"/g, '\\"').replace(/\n/g, "\\n")}"`;

/** @param {string} text */
const escaped = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** @param {Choice} choice */
export function traceql({ service, route, name, status, least, most, attributes }) {
  const conditions = [
    service && `resource.service.name = ${quoted(service)}`,
    route && `span.http.route = ${quoted(route)}`,
    name && `name =~ ${quoted(`.*${escaped(name)}.*`)}`,
    status && `status = ${status}`,
    // One long span makes a long trace, and is found at once; only all of them make a short one.
    least && `duration > ${least}`,
    most && `traceDuration < ${most}`,
    ...attributes.map(({ name: key, op, value }) => `${scoped(key)} ${op} ${literal(value)}`),
  ].filter(Boolean);
  return conditions.length ? `{ ${conditions.join(" && ")} }` : "{}";
}

/** @param {string} key looked for on the span and on its resource unless it says where */
const scoped = (key) => (/^(span|resource|event|link)\./.test(key) ? key : `.${key}`);

/** @param {string} value */
const literal = (value) => (/^(-?\d+(\.\d+)?|true|false)$/.test(value) ? value : quoted(value));

/** The value to the letter. @param {string} text such as `http.route=/orders` @returns {Attribute | null} */
export function readAttribute(text) {
  const found = /^([\w.\-/]+)(!=|=~|!~|>=|<=|=|>|<)([\s\S]+)$/.exec(text);
  return found && { name: found[1], op: found[2], value: found[3] };
}

/** @param {string} text @returns {string} a duration that TraceQL reads, or nothing */
export function readDuration(text) {
  const found = /^(\d+(?:\.\d+)?)\s*(ns|us|µs|ms|s|m|h)?$/.exec(text.trim());
  return found ? `${found[1]}${found[2] ?? "ms"}` : "";
}
