/** The waterfall: a tree of spans over time, drawn only where it is in sight. */

import { el, icon } from "./dom.js";
import { milliseconds } from "./format.js";
import { serviceColour } from "./palette.js";
import { virtualRows } from "./rows.js";
import { flat } from "./spantree.js";

/** @typedef {import("./spantree.js").Node} Node */
/** @typedef {import("./spantree.js").Tree} Tree */

export const ROW_HEIGHT = 26;
const TICKS = 5;
const INDENT = 14;
const DEEPEST = 24;

/**
 * @param {Tree} tree
 * @param {{ closed: Set<string>, onpick: (id: string) => void, onturn: () => void }} how `closed` are the ids of spans whose children are not shown
 */
export function waterfall(tree, { closed, onpick, onturn }) {
  let picked = "";
  /** @type {Set<string>} */
  let found = new Set();
  /** @type {Node[]} */
  let shown = [];
  const total = Math.max(tree.end - tree.start, 0.001);
  const percent = (/** @type {number} */ at) => `${Math.min(100, Math.max(0, ((at - tree.start) / total) * 100))}%`;
  const rows = virtualRows({
    height: ROW_HEIGHT,
    key: (/** @type {Node} */ { span }) => span.id,
    row,
    props: { class: "span-rows", role: "tree", tabindex: "0", "aria-label": "Spans of the trace", onkeydown: key },
  });

  /** @param {Node} node @returns {HTMLElement} */
  function row({ span, depth, children, place, siblings }) {
    const hasChildren = children.length > 0;
    const open = !closed.has(span.id);
    const colour = serviceColour(span.service);
    return el("div", {
      class: `span-row${found.has(span.id) ? " found" : ""}`,
      id: `span-${span.id}`,
      role: "treeitem",
      "data-span": span.id,
      "aria-level": depth + 1,
      "aria-posinset": place,
      "aria-setsize": siblings,
      "aria-expanded": hasChildren ? String(open) : null,
      "aria-selected": String(span.id === picked),
      onclick: () => choose(span.id),
    },
      el("div", { class: "span-name", style: { "padding-left": `${Math.min(depth, DEEPEST) * INDENT}px` } },
        el("span", { class: "span-toggle", onclick: (/** @type {Event} */ event) => hasChildren && toggle(event, span.id) }, hasChildren ? icon(open ? "down" : "right") : null),
        el("i", { class: "swatch", style: { background: colour } }),
        span.error ? el("span", { class: "bad" }, icon("warn"), el("span", { class: "unseen" }, "error ")) : null,
        el("span", { class: "span-service" }, span.service), " ", el("span", { class: "span-title" }, span.name)), " ",
      bar(span, colour));
  }

  /** @param {import("./tempo.js").Span} span @param {string} colour */
  function bar(span, colour) {
    const wide = ((span.end - span.start) / total) * 100;
    return el("div", { class: "span-time" },
      el("i", { class: `span-bar${span.error ? " failed" : ""}`, style: { left: percent(span.start), width: `max(2px, ${wide}%)`, background: colour } }),
      ...span.events.slice(0, 30).map((event) => el("i", { class: `span-event${event.name === "exception" ? " exception" : ""}`, title: event.name, style: { left: percent(event.at) } })),
      el("span", { class: "span-duration", style: { left: `calc(${percent(span.end)} + 6px)` } }, milliseconds(span.end - span.start)));
  }

  /** @param {Event} event @param {string} id */
  function toggle(event, id) {
    event.stopPropagation();
    setOpen(id, closed.has(id));
  }

  /** @param {string} id @param {boolean} open */
  function setOpen(id, open) {
    if (open) closed.delete(id);
    else closed.add(id);
    draw();
    onturn();
  }

  /** Anew from the tree: another span may be open. */
  function draw() {
    shown = flat(tree, closed);
    rows.show(shown);
    tellPicked();
  }

  function tellPicked() {
    if (picked && shown.some(({ span }) => span.id === picked)) rows.element.setAttribute("aria-activedescendant", `span-${picked}`);
    else rows.element.removeAttribute("aria-activedescendant");
  }

  /** @param {string} id */
  function choose(id) {
    select(id);
    onpick(id);
  }

  /** @param {string} id */
  function select(id) {
    picked = id;
    let opened = false;
    for (let at = tree.nodes.get(id)?.parent; at; at = at.parent) opened = closed.delete(at.span.id) || opened;
    if (opened) {
      draw();
      onturn();
    }
    rows.redraw();
    rows.reveal(id);
    tellPicked();
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const target = keyTarget(event.key);
    if (target === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    if (target) choose(target);
  }

  /** @param {string} name of the key @returns {string | null | undefined} the span to go to; undefined for a key that is not ours */
  function keyTarget(name) {
    const index = shown.findIndex(({ span }) => span.id === picked);
    const node = shown[index];
    const at = (/** @type {number} */ place) => shown[Math.min(Math.max(place, 0), shown.length - 1)]?.span.id ?? null;
    switch (name) {
      case "ArrowDown": return at(index + 1);
      case "ArrowUp": return at(index - 1);
      case "PageDown": return at(index + 15);
      case "PageUp": return at(index - 15);
      case "Home": return at(0);
      case "End": return at(shown.length - 1);
      case "ArrowRight": return node?.children.length && closed.has(picked) ? (setOpen(picked, true), null) : (node?.children[0]?.span.id ?? null);
      case "ArrowLeft": return node?.children.length && !closed.has(picked) ? (setOpen(picked, false), null) : (node?.parent?.span.id ?? null);
      default: return undefined;
    }
  }

  /** @param {Set<string>} ids */
  function mark(ids) {
    if (ids.size === found.size && [...ids].every((id) => found.has(id))) return;
    found = ids;
    rows.redraw();
  }

  return { element: el("div", { class: "waterfall" }, axis(total), rows.element), select, mark, draw };
}

/** @param {number} total milliseconds */
function axis(total) {
  const ticks = Array.from({ length: TICKS }, (_, index) => el("span", { style: { left: `${(index / (TICKS - 1)) * 100}%` } }, milliseconds((total * index) / (TICKS - 1))));
  return el("div", { class: "span-axis", "aria-hidden": "true" }, el("div", { class: "span-name" }, "Span"), el("div", { class: "span-time" }, ...ticks));
}
