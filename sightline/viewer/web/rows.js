/** A list that draws only the rows in sight: fixed heights, except of rows that are open. */

import { el } from "./dom.js";

/**
 * @template T
 * @typedef {object} Rows
 * @property {HTMLElement} element
 * @property {(items: T[]) => void} show
 * @property {(key: string) => void} reveal scrolls to it
 * @property {() => void} redraw
 */

const BEYOND = 12;

/**
 * @template T
 * @param {object} how
 * @param {number} how.height pixels of a row
 * @param {(item: T) => string} how.key
 * @param {(item: T, index: number) => HTMLElement} how.row
 * @param {(item: T) => HTMLElement | null} [how.detail] what an open row shows beneath it
 * @param {Record<string, any>} how.props of the element
 * @returns {Rows<T>}
 */
export function virtualRows({ height, key, row, detail = () => null, props }) {
  const space = el("div", { class: "rows-space" });
  const element = el("div", { ...props, class: `rows ${props.class ?? ""}`, onscroll: () => schedule() }, space);
  /** @type {T[]} */
  let items = [];
  /** @type {Map<string, number>} */
  let places = new Map();
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
    const drawn = [];
    for (let index = first; index < last; index++) drawn.push(...drawnRow(index));
    for (const { node, index } of open.values()) if (index < first || index >= last) drawn.push(parked(node, index));
    space.style.height = `${items.length * height + total}px`;
    replaceKeepingFocus(drawn);
    const grown = extra(items.length);
    // An opened detail has a height only once it stands in the page.
    if (grown !== total) schedule();
  }

  /** @param {number} index @returns {HTMLElement[]} */
  function drawnRow(index) {
    const item = items[index];
    const node = row(item, index);
    node.style.transform = `translateY(${top(index)}px)`;
    const below = open.get(key(item))?.node;
    if (below) below.style.transform = `translateY(${top(index) + height}px)`;
    return below ? [node, below] : [node];
  }

  /** Stays in the page though out of sight: its height counts. @param {HTMLElement} node @param {number} index */
  function parked(node, index) {
    node.style.transform = `translateY(${index < 0 ? -9999 : top(index) + height}px)`;
    return node;
  }

  /** @param {HTMLElement[]} drawn */
  function replaceKeepingFocus(drawn) {
    const focused = document.activeElement?.closest("[data-key]");
    const held = focused && space.contains(focused) ? focused.getAttribute("data-key") : null;
    const inDetail = [...open.values()].some(({ node }) => node.contains(document.activeElement));
    const kept = new Set(drawn);
    for (const child of Array.from(space.children)) if (!kept.has(child)) child.remove();
    for (const node of drawn) if (node.parentNode !== space) space.append(node);
    if (held && !inDetail) drawn.find((node) => node.getAttribute("data-key") === held)?.focus({ preventScroll: true });
  }

  function reopen() {
    const now = new Set();
    for (const item of items) {
      const below = detail(item);
      if (!below) continue;
      const name = key(item);
      now.add(name);
      const before = open.get(name);
      if (before) before.index = places.get(name) ?? -1;
      else open.set(name, { node: below, index: places.get(name) ?? -1 });
    }
    for (const name of open.keys()) if (!now.has(name)) open.delete(name);
  }

  /** @param {T[]} next */
  function show(next) {
    const anchor = element.scrollTop > height ? items[Math.floor(element.scrollTop / height)] : null;
    const before = anchor ? places.get(key(anchor)) : undefined;
    items = next;
    places = new Map(items.map((item, index) => [key(item), index]));
    const after = anchor ? places.get(key(anchor)) : undefined;
    reopen();
    space.style.height = `${items.length * height}px`;
    // Lines that arrive above must not push away what is being read.
    if (before !== undefined && after !== undefined && after !== before) element.scrollTop += (after - before) * height;
    drawRows();
  }

  function redraw() {
    reopen();
    drawRows();
  }

  /** @param {string} name */
  function reveal(name) {
    const index = places.get(name);
    if (index === undefined) return;
    const at = top(index);
    if (at < element.scrollTop) element.scrollTop = at;
    else if (at + height > element.scrollTop + element.clientHeight) element.scrollTop = at + height - element.clientHeight + 4;
    drawRows();
  }

  new ResizeObserver(schedule).observe(element);
  return { element, show, reveal, redraw };
}
