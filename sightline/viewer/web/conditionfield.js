/** A small field for one more condition `name=value`, with its names and values offered. */

import { combobox } from "./combobox.js";
import { el } from "./dom.js";

/** As it is typed: blanks around the name and value do not count, and a value may stand in quotes. @param {string} text */
function typed(text) {
  const [, name, op, value] = /^([\w.\-/]+)\s*(!=|=~|!~|>=|<=|=|>|<)\s*([\s\S]*)$/.exec(text.trim()) ?? [];
  return name ? name + op + unquoted(value) : "";
}

/** @param {string} text */
function unquoted(text) {
  if (!/^".*"$/.test(text)) return text;
  try {
    return JSON.parse(text);
  } catch {
    return text.slice(1, -1);
  }
}

/**
 * @param {object} how
 * @param {string} how.label
 * @param {string} how.placeholder
 * @param {import("./complete/options.js").Source} how.source
 * @param {(text: string) => string} how.read what will be added, or nothing where the text is no condition
 * @param {string} how.advice for a text that is none
 * @param {(text: string) => void} how.onadd
 */
export function conditionField({ label, placeholder, source, read, advice, onadd }) {
  const { element, input } = combobox({ source, onenter: add, onwhole: add, props: { "aria-label": label, placeholder, size: "18" } });

  function add() {
    const found = read(typed(input.value));
    input.setCustomValidity(found ? "" : advice);
    if (!found) return void input.reportValidity();
    input.blur();
    onadd(found);
    return undefined;
  }

  input.addEventListener("input", () => input.setCustomValidity(""));
  return el("span", { class: "field-form" }, element);
}
