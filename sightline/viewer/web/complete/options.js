/** What a completion offers, and the words that the languages have of their own. */

/**
 * @typedef {object} Option
 * @property {string} label
 * @property {string} [insert] instead of the label
 * @property {string} [detail] said beside it
 * @property {boolean} [more] what follows is offered at once
 */
/** @typedef {{ from: number, to: number, options: Option[] }} Offer replaces the text between */
/** @typedef {(text: string, caret: number) => Promise<Offer | null>} Source */

const MOST = 200;

/** Those that begin so, then those that hold it. @param {Option[]} options @param {string} prefix */
export function matching(options, prefix) {
  const wanted = prefix.toLowerCase();
  const at = (/** @type {Option} */ { label }) => label.toLowerCase().indexOf(wanted);
  const found = options.filter((option) => at(option) >= 0);
  return [...found.filter((option) => at(option) === 0), ...found.filter((option) => at(option) > 0)].slice(0, MOST);
}

/** @param {import("./scan.js").Place} place @param {Option[]} options @returns {Offer} */
export const offer = ({ from, to, prefix }, options) => ({ from, to, options: matching(options, prefix) });

/** @param {readonly string[]} names @param {string} detail @returns {Option[]} */
export const called = (names, detail) => names.map((name) => ({ label: name, insert: `${name}(`, detail, more: true }));

/** A value inside a string, closed behind it. @param {import("./scan.js").Place} place @param {readonly string[]} values @returns {Option[]} */
export function valuesIn({ quote, quoted }, values) {
  const end = quoted ? "" : quote;
  const written = (/** @type {string} */ value) => (quote === "`" ? value : value.replace(/\\/g, "\\\\").replaceAll(quote, `\\${quote}`).replace(/\n/g, "\\n"));
  return values.map((value) => ({ label: value, insert: written(value) + end }));
}
