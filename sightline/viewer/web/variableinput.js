/** Where a dashboard's variable is chosen: one value, several, or a text of one's own. */

import { el, fill, icon } from "./dom.js";
import { menu } from "./menu.js";
import { ALL } from "./template.js";

/** @typedef {import("./template.js").Variable} Variable */
/** @typedef {(name: string, values: string[]) => void} OnSet */

/** @param {Variable} variable @param {OnSet} onset @returns {HTMLElement} */
export function variableInput(variable, onset) {
  const { name, label, type, value, problem } = variable;
  if (problem) return el("span", { class: "labelled" }, label, el("span", { class: "warned" }, icon("warn"), problem));
  const set = (/** @type {Event} */ event) => {
    const chosen = /** @type {HTMLSelectElement} */ (event.target);
    chosen.blur();
    onset(name, [chosen.value]);
  };
  if (type === "textbox") return el("label", {}, label, el("input", { type: "text", value: value[0] ?? "", "data-key": name, onchange: set }));
  if (variable.multi) return several(variable, onset);
  const offered = offeredBy(variable);
  return el("label", {}, label, el("select", { onchange: set, disabled: offered.length === 0, "data-key": name }, ...offered.map((each) =>
    el("option", { value: each, selected: value.includes(each) }, shown(each, variable)))));
}

/** What the address names is offered too, though it may not be there now. @param {Variable} variable */
const offeredBy = ({ includeAll, value, options }) => [...new Set([...(includeAll ? [ALL] : []), ...value, ...options])];

/** @param {string} value @param {Variable} variable */
const shown = (value, { texts }) => (value === ALL ? "All" : (texts?.get(value) ?? value));

/** Checkboxes, which change while the menu stays open. @param {Variable} variable @param {OnSet} onset */
function several(variable, onset) {
  const { name, label, includeAll, value } = variable;
  const offered = [...new Set([...(includeAll ? [ALL] : []), ...variable.options, ...value])];
  let chosen = value;
  const told = el("span");
  const boxes = offered.map((each) => el("input", { type: "checkbox", value: each, onchange: change }));

  /** @param {Event} event */
  function change(event) {
    const { value: turned, checked } = /** @type {HTMLInputElement} */ (event.target);
    chosen = after(chosen, turned, checked, includeAll);
    draw();
    onset(name, chosen);
  }

  function draw() {
    fill(told, chosen.map((each) => shown(each, variable)).join(" + ") || "None");
    for (const box of boxes) box.checked = chosen.includes(box.value);
  }

  draw();
  return el("span", { class: "labelled" }, el("span", { "aria-hidden": "true" }, label),
    menu({ "data-key": name, title: label }, [el("span", { class: "unseen" }, `${label}: `), told, icon("down")],
      el("div", { class: "menu-body several", role: "group", "aria-label": label }, ...boxes.map((box, index) => el("label", {}, box, shown(offered[index], variable))))));
}

/**
 * "All" stands alone; with nothing chosen it is chosen, where there is such a choice.
 * @param {string[]} chosen @param {string} turned @param {boolean} on @param {boolean} includeAll
 */
function after(chosen, turned, on, includeAll) {
  if (on) return turned === ALL ? [ALL] : [...chosen.filter((each) => each !== ALL), turned];
  const left = chosen.filter((each) => each !== turned);
  if (left.length) return left;
  return includeAll ? [ALL] : [turned];
}
