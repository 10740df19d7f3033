/** A menu under a button: Escape closes it, and so does leaving it. */

import { el } from "./dom.js";

/**
 * @param {Record<string, any>} props of the button
 * @param {import("./dom.js").Child[]} shown on it
 * @param {HTMLElement} body
 */
export const menu = (props, shown, body) => el("details", { class: "menu", onkeydown: closeOnEscape, onfocusout: closeOnLeave }, el("summary", props, ...shown), body);

/** @param {KeyboardEvent} event */
function closeOnEscape(event) {
  const opened = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  if (event.key !== "Escape" || !opened.open) return;
  opened.open = false;
  opened.querySelector("summary")?.focus();
}

/** @param {FocusEvent} event */
function closeOnLeave(event) {
  const opened = /** @type {HTMLDetailsElement} */ (event.currentTarget);
  if (event.relatedTarget && !opened.contains(/** @type {Node} */ (event.relatedTarget))) opened.open = false;
}
