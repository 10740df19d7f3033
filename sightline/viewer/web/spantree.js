/** Spans as a tree, in the order in which a waterfall shows them. */

/** @typedef {import("./tempo.js").Span} Span */
/** @typedef {{ span: Span, depth: number, children: Node[], parent: Node | null, place: number, siblings: number }} Node */

/**
 * @typedef {object} Tree
 * @property {Node[]} roots
 * @property {Map<string, Node>} nodes
 * @property {number} start milliseconds
 * @property {number} end
 * @property {string[]} services by first appearance
 * @property {number} errors
 * @property {number} orphans spans whose parent was not received
 */

/** @param {Span[]} spans @returns {Tree} */
export function treeOf(spans) {
  const sorted = spans.toSorted((a, b) => a.start - b.start || b.end - a.end);
  /** @type {Map<string, Node>} */
  const nodes = new Map(sorted.map((span) => [span.id, { span, depth: 0, children: [], parent: null, place: 1, siblings: 1 }]));
  /** @type {Node[]} */
  const roots = [];
  for (const node of nodes.values()) {
    const parent = nodes.get(node.span.parent);
    if (parent && !isWithin(parent, node)) {
      node.parent = parent;
      parent.children.push(node);
    } else roots.push(node);
  }
  number(roots);
  return {
    roots,
    nodes,
    start: sorted.reduce((least, { start }) => Math.min(least, start), Infinity),
    end: sorted.reduce((most, { end }) => Math.max(most, end), -Infinity),
    services: [...new Set(sorted.map(({ service }) => service))],
    errors: sorted.filter(({ error }) => error).length,
    orphans: roots.filter(({ span }) => span.parent).length,
  };
}

/** Ids that a sender made up can form a circle. @param {Node} parent @param {Node} node */
function isWithin(parent, node) {
  for (let at = /** @type {Node | null} */ (parent); at; at = at.parent) if (at === node) return true;
  return false;
}

/** Without recursion: a trace may be deeper than the stack. @param {Node[]} roots */
function number(roots) {
  const waiting = [roots];
  for (let group = waiting.pop(); group; group = waiting.pop()) {
    group.forEach((node, index) => {
      node.place = index + 1;
      node.siblings = group.length;
      node.depth = node.parent ? node.parent.depth + 1 : 0;
      if (node.children.length) waiting.push(node.children);
    });
  }
}

/** @param {Tree} tree @param {Set<string>} closed ids @returns {Node[]} those in sight */
export function flat({ roots }, closed) {
  const found = [];
  const waiting = roots.toReversed();
  for (let node = waiting.pop(); node; node = waiting.pop()) {
    found.push(node);
    if (!closed.has(node.span.id)) waiting.push(...node.children.toReversed());
  }
  return found;
}

/** @param {Span} span @param {string} text in lower case */
export function mentions(span, text) {
  const told = (/** @type {{ key: string, value: string }[]} */ list) => list.some(({ key, value }) => key.toLowerCase().includes(text) || value.toLowerCase().includes(text));
  return [span.name, span.service, span.message, span.id].some((each) => each.toLowerCase().includes(text)) ||
    told(span.attributes) || span.events.some(({ name, attributes }) => name.toLowerCase().includes(text) || told(attributes));
}
