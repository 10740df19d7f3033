/** A dashboard's variables as Grafana writes them: `$name` in a query, `{{label}}` in a legend. */

export const ALL = "$__all";
/** An interval that follows the range. */
export const AUTO = "$__auto";

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
 * @property {Map<string, string>} [texts] what stands for a value, where that is another
 * @property {string} [auto] what `AUTO` stands for
 * @property {string} [problem] why it has no choices
 */
/** @typedef {Record<string, string>} Builtins */

/** @param {string} text */
const escapeRegex = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&");

/** Inside a quoted string of PromQL a backslash stands for itself only when doubled. @param {string} text */
const quoted = (text) => text.replace(/\\/g, "\\\\").replace(/"/g, '\\"');

/** @param {Variable} variable @returns {string[]} */
const values = ({ value, options, auto }) => (value.includes(ALL) ? options : value.map((each) => (each === AUTO ? (auto ?? each) : each)));

/** As Grafana writes a variable where a format is asked for. @type {Record<string, (values: string[], of: Variable) => string>} */
const FORMATS = {
  raw: (list) => list.join(","),
  glob: (list) => (list.length === 1 ? list[0] : `{${list.join(",")}}`),
  json: (list, { multi }) => JSON.stringify(multi ? list : (list[0] ?? "")),
  percentencode: (list, { multi }) => encodeURIComponent(multi ? `{${list.join(",")}}` : (list[0] ?? "")),
  csv: (list) => list.join(","),
  pipe: (list) => list.join("|"),
  text: (list, { texts }) => list.map((each) => texts?.get(each) ?? each).join(" + "),
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
  if (format && Object.hasOwn(FORMATS, format)) return FORMATS[format](list, variable);
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
    if (Object.hasOwn(builtins, name)) return builtins[name];
    const variable = variables.find((each) => each.name === name);
    return variable ? written(variable, format ?? standard) : whole;
  });
}

/** @param {string} text @param {Record<string, string>} labels fills `{{label}}` */
export const legend = (text, labels) => text.replace(/\{\{\s*([\w.]+)\s*\}\}/g, (_, name) => labels[name] ?? "");
