/** A list that draws only the rows in sight: fixed heights, except of rows that are open. */

import { el } from "./dom.js";

/**
 * @template T
 * @typedef {object} Rows
 * @property {HTMLElement} element
 * @property {(items: T[]) => void} show
 * @property {(key: string) => void} reveal scrolls to it
 * @property {() => void} redraw
 * @property {(item: T, detail: () => HTMLElement) => void} toggle opens or closes a row
 * @property {(item: T) => boolean} isOpen
 */

const BEYOND = 12;
/** So many rows before the end, the ones after it are asked for. */
const SOON = 200;

/**
 * @template T
 * @param {object} how
 * @param {number} how.height pixels of a row
 * @param {(item: T) => string} how.key
 * @param {(item: T, index: number) => HTMLElement} how.row
 * @param {() => void} [how.onend] the end comes near
 * @param {Record<string, any>} how.props of the element
 * @returns {Rows<T>}
 */
export function virtualRows({ height, key, row, onend, props }) {
  const space = el("div", { class: "rows-space" });
  const element = el("div", { ...props, class: `rows ${props.class ?? ""}`, onscroll: () => schedule() }, space);
  /** @type {T[]} */
  let items = [];
  /** Rows in the page, which scrolling takes on as they are. @type {Map<T, HTMLElement>} */
  let drawn = new Map();
  /** @type {Map<string, { node: HTMLElement, index: number }>} */
  const open = new Map();
  let waiting = 0;

  const extra = (/** @type {number} */ before) => {
    let total = 0;
    for (const { node, index } of open.values()) if (index >= 0 && index < before) total += node.offsetHeight;
    return total;
  };
  const top = (/** @type {number} */ index) => index * height + extra(index);

  function schedule() {
    waiting ||= requestAnimationFrame(() => {
      waiting = 0;
      drawRows();
    });
  }

  function drawRows() {
    const from = element.scrollTop;
    const to = from + element.clientHeight;
    const total = extra(items.length);
    const first = Math.max(0, Math.floor((from - total) / height) - BEYOND);
    const last = Math.min(items.length, Math.ceil(to / height) + BEYOND);
    /** @type {Map<T, HTMLElement>} */
    const rows = new Map();
    /** @type {Set<HTMLElement>} */
    const wanted = new Set();
    for (let index = first; index < last; index++) {
      const item = items[index];
      const node = drawn.get(item) ?? row(item, index);
      rows.set(item, node);
      wanted.add(moved(node, top(index)));
      const below = open.size ? open.get(key(item)) : undefined;
      if (below) wanted.add(moved(below.node, top(index) + height));
    }
    // Out of sight an open row's detail stays in the page: its height counts.
    for (const { node, index } of open.values()) if (!wanted.has(node)) wanted.add(moved(node, index < 0 ? -9999 : top(index) + height));
    drawn = rows;
    space.style.height = `${items.length * height + total}px`;
    place(wanted);
    // An opened detail has a height only once it stands in the page.
    if (extra(items.length) !== total) schedule();
    if (onend && items.length - last < SOON) onend();
  }

  /** @param {HTMLElement} node @param {number} pixels */
  function moved(node, pixels) {
    node.style.transform = `translateY(${pixels}px)`;
    return node;
  }

  /** In the order in which they are read, moving none that need not move: a moved one loses the focus. @param {Set<HTMLElement>} wanted */
  function place(wanted) {
    const held = space.contains(document.activeElement) ? document.activeElement?.closest("[data-key]")?.getAttribute("data-key") : null;
    for (const child of Array.from(space.children)) if (!wanted.has(/** @type {HTMLElement} */ (child))) child.remove();
    let next = space.firstElementChild;
    for (const node of wanted) {
      if (node === next) next = next.nextElementSibling;
      else if (!node.isConnected || !node.contains(document.activeElement)) space.insertBefore(node, next);
    }
    if (!held || space.contains(document.activeElement)) return;
    /** @type {HTMLElement | null} */ (space.querySelector(`[data-key="${CSS.escape(held)}"]`))?.focus({ preventScroll: true });
  }

  /** @param {string} name @param {number} [near] where it was @returns {number} its index, or -1 */
  function placeOf(name, near = 0) {
    // Most often it stands where it stood, or a little below.
    for (let index = near; index < Math.min(near + 500, items.length); index++) if (key(items[index]) === name) return index;
    return items.findIndex((item) => key(item) === name);
  }

  function reopen() {
    for (const [name, held] of open) held.index = placeOf(name, Math.max(held.index, 0));
  }

  /** @param {T[]} next */
  function show(next) {
    const at = Math.floor(element.scrollTop / height);
    const anchor = element.scrollTop > height ? items[at] : undefined;
    const before = anchor && key(anchor);
    items = next;
    drawn = new Map();
    reopen();
    space.style.height = `${items.length * height}px`;
    // Lines that arrive above must not push away what is being read.
    const after = before === undefined ? -1 : placeOf(before, at);
    if (after >= 0 && after !== at) element.scrollTop += (after - at) * height;
    drawRows();
  }

  /** Rows look otherwise now. */
  function redraw() {
    drawn = new Map();
    drawRows();
  }

  /** @param {T} item @param {() => HTMLElement} detail what it shows beneath it */
  function toggle(item, detail) {
    const name = key(item);
    if (!open.delete(name)) open.set(name, { node: detail(), index: items.indexOf(item) });
    redraw();
  }

  /** @param {string} name */
  function reveal(name) {
    const index = placeOf(name);
    if (index < 0) return;
    const at = top(index);
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + height > element.scrollTop + element.clientHeight) element.scrollTop = at + height - element.clientHeight + 4;
    drawRows();
  }

  new ResizeObserver(schedule).observe(element);
  return { element, show, reveal, redraw, toggle, isOpen: (item) => open.has(key(item)) };
}
