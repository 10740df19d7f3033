/** The query that a view's choices make, and the place to write another. */

import { combobox } from "./combobox.js";
import { el } from "./dom.js";

/**
 * @param {object} how
 * @param {string} how.kind name of the language
 * @param {import("./complete/options.js").Source} how.source
 * @param {string} how.value
 * @param {(text: string) => void} how.onrun
 * @param {(() => void) | null} how.onback to the choices, where a query of one's own stands
 */
export function queryLine({ kind, source, value, onrun, onback }) {
  const field = combobox({ source, onenter: run, props: { class: "query-text", "aria-label": kind, value } });

  /** @param {string} text */
  function run(text) {
    field.input.blur();
    onrun(text);
  }

  return el("div", { class: "query" },
    el("div", { class: "query-box" }, el("span", { class: "query-kind", "aria-hidden": "true" }, kind), field.element),
    onback ? el("button", { type: "button", onclick: onback }, "Back to the filters") : null);
}
