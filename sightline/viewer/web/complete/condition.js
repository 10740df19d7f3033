/** What may follow in a field that takes one condition, `name=value`. */

import { detectedFields, fieldValues, lineLabels, lineLabelValues } from "../loki.js";
import { remembered } from "../remembered.js";
import { tagNames, tagValues } from "../tempo.js";
import { matching } from "./options.js";

/** @typedef {import("./options.js").Source} Source */

const EVERY = '{service_name=~".+"}';

/**
 * @param {() => Promise<string[]>} names
 * @param {(name: string) => Promise<string[]>} values
 * @returns {Source}
 */
const condition = (names, values) => async (text, caret) => {
  const found = /^\s*([\w.:/-]+)\s*(?:!=|=~|!~|>=|<=|=|>|<)\s*/.exec(text.slice(0, caret));
  const from = found ? found[0].length : 0;
  const prefix = text.slice(from, caret);
  const options = found
    ? (await values(found[1])).map((label) => ({ label, insert: /^[\s"]|[\s"]$|\n/.test(label) ? JSON.stringify(label) : label }))
    : (await names()).map((label) => ({ label, insert: `${label}=`, more: true }));
  return { from, to: text.length, options: matching(options, prefix) };
};

/** Of a log line: labels of its stream and fields beside it. */
export const lineCondition = condition(
  () => remembered("names of lines", async (within) => (await Promise.all([lineLabels(within), detectedFields(EVERY, within)])).flat()),
  (name) => remembered(`line values of ${name}`, async (within) => {
    const [ofStream, ofField] = await Promise.all([lineLabelValues(name, within), fieldValues(name, EVERY, within)]);
    return ofStream.length ? ofStream : ofField;
  }),
);

/** Of a span or its resource. */
export const spanCondition = condition(
  () => remembered("tags", tagNames),
  spanValues,
);

/** @param {string} tag as TraceQL writes it */
async function spanValues(tag) {
  return (await remembered(`values of ${tag}`, (within) => tagValues(tag, within))).map(({ value }) => value);
}

/** @param {string} tag as TraceQL writes it @returns {Source} the whole text is one value of it */
export const valueOf = (tag) => async (text, caret) => {
  const values = await spanValues(tag);
  return { from: 0, to: text.length, options: matching(values.map((label) => ({ label })), text.slice(0, caret)) };
};
