/** Builds elements; every text goes in as text, so that telemetry is never markup. */

/** @typedef {Node | string | null | undefined | false} Child */

/**
 * @param {string} tag
 * @param {Record<string, any>} [props] attributes; `onclick` and the like listen; `style` takes an object
 * @param {...(Child | Child[])} children
 * @returns {any}
 */
export function el(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props)) setProperty(node, name, value);
  node.append(...present(children));
  return node;
}

/**
 * @param {HTMLElement} node
 * @param {string} name
 * @param {any} value
 */
function setProperty(node, name, value) {
  if (value === undefined || value === null || value === false) return;
  if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
  // The policy of the page forbids style attributes, not styles set one by one.
  else if (name === "style") for (const [key, to] of Object.entries(value)) node.style.setProperty(key, String(to));
  else if (name === "value") /** @type {any} */ (node).value = value;
  else node.setAttribute(name, value === true ? "" : String(value));
}

/**
 * @param {Element} node
 * @param {...(Child | Child[])} children
 */
export function fill(node, ...children) {
  node.replaceChildren(...present(children));
  return node;
}

/** @param {(Child | Child[])[]} children @returns {(Node | string)[]} */
function present(children) {
  return /** @type {any} */ (children.flat().filter((child) => child !== null && child !== undefined && child !== false));
}

/** Puts a node in a place, where it may stand already: taken out and put back it would lose its scroll. @param {Element} place @param {Element} node */
export function mount(place, node) {
  if (place.firstChild !== node || place.childNodes.length > 1) fill(place, node);
}

const SVG = "http://www.w3.org/2000/svg";

/**
 * @param {string} tag
 * @param {Record<string, string | number>} [attributes]
 * @param {...Node} children
 */
export function svg(tag, attributes = {}, ...children) {
  const node = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Paths on a 16 by 16 grid, drawn as lines. @type {Record<string, string>} */
const ICONS = {
  clock: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 3v3.2l2 1.6",
  refresh: "M13 4v3h-3M13 7a5.2 5.2 0 1 0 .3 3",
  down: "M4 6l4 4 4-4",
  right: "M6 4l4 4-4 4",
  close: "M4 4l8 8M12 4l-8 8",
  table: "M2 3h12v10H2zM2 7h12M2 10h12M6.5 3v10",
  chart: "M2 13V3M2 13h12M4.5 10l3-4 2.5 2 3.5-5",
  expand: "M9 3h4v4M7 13H3V9M13 3L9 7M3 13l4-4",
  info: "M8 2a6 6 0 1 0 0 12A6 6 0 0 0 8 2Zm0 5v4M8 4.8v.4",
  code: "M6 4L2 8l4 4M10 4l4 4-4 4",
  search: "M7 2.5a4.5 4.5 0 1 0 0 9 4.5 4.5 0 0 0 0-9ZM10.5 10.5L14 14",
  trace: "M2 4h7M5 8h8M8 12h4",
  logs: "M2 4h12M2 8h12M2 12h7",
  pause: "M5.5 3v10M10.5 3v10",
  play: "M5 3l8 5-8 5z",
  plus: "M8 3v10M3 8h10",
  minus: "M3 8h10",
  copy: "M5 5h8v8H5zM3 11V3h8",
  bell: "M4 11V7.2a4 4 0 0 1 8 0V11l1.2 1.5H2.8ZM6.8 14.2h2.4",
  check: "M3 8.5l3.2 3.2L13 5",
  warn: "M8 2.5L14.5 13.5H1.5ZM8 6.5v3M8 11.4v.3",
  out: "M7 3H3v10h10V9M9 3h4v4M13 3L7.5 8.5",
};

/** @param {string} name */
export function icon(name) {
  return svg("svg", { viewBox: "0 0 16 16", class: "icon", "aria-hidden": "true" }, svg("path", { d: ICONS[name] }));
}

/**
 * @param {string} name of the icon
 * @param {string} label read aloud and shown on hover
 * @param {(event: MouseEvent) => void} onclick
 * @param {Record<string, any>} [props]
 */
export function iconButton(name, label, onclick, props = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...props }, icon(name));
}

/** @param {string} text told to screen readers */
export function announce(text) {
  const place = document.getElementById("announce");
  if (place && place.textContent !== text) place.textContent = text;
}

/** @param {string} title @param {...Child} help what to do about it */
export function empty(title, ...help) {
  return el("div", { class: "empty" }, el("p", { class: "empty-title" }, title), help.length ? el("p", {}, ...help) : null);
}

/** @param {unknown} error */
export function failure(error) {
  const text = error instanceof Error ? error.message : String(error);
  return el("div", { class: "failure", role: "alert" }, icon("warn"), el("p", {}, text));
}

/**
 * Calls at most once in `wait` milliseconds, with the last arguments.
 * @template {any[]} A
 * @param {(...args: A) => void} call
 * @param {number} wait
 * @returns {(...args: A) => void}
 */
export function debounce(call, wait) {
  /** @type {number | undefined} */
  let timer;
  return (...args) => {
    clearTimeout(timer);
    timer = setTimeout(() => call(...args), wait);
  };
}
