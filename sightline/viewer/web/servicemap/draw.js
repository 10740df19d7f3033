/** The map itself: services as boxes, calls as arrows, each a link to its traces. */

import { link } from "../address.js";
import { el, svg } from "../dom.js";
import { milliseconds, number } from "../format.js";
import { quoted } from "../logql.js";
import { serviceColour } from "../palette.js";
import { placed } from "./layout.js";

/** @typedef {{ calls: number, errors: number, rate: number, p50_seconds: number, p95_seconds: number, p99_seconds: number }} Figures */
/** @typedef {Figures & { service: string }} Node */
/** @typedef {Figures & { client: string, server: string }} Edge */
/** @typedef {{ nodes: Node[], edges: Edge[] }} Graph */
/** @typedef {{ x: number, y: number }} Point */

const BOX = { width: 176, height: 62 };
const GAP = { wide: 196, narrow: 34 };

/** @param {Figures} figures */
export const perSecond = ({ rate }) => `${number(rate)}/s`;
/** @param {Figures} figures */
export const failing = ({ calls, errors }) => `${number((errors / Math.max(calls, 1)) * 100)} % errors`;
/** @param {Figures} figures */
const told = (figures) => `${perSecond(figures)}, ${failing(figures)}, p95 ${milliseconds(figures.p95_seconds * 1000)}`;

/** @param {string} service */
export const tracesOf = (service) => link("/traces", { service });
/** @param {Edge} edge */
export const tracesBetween = ({ client, server }) => link("/traces", { query: `{ resource.service.name = ${quoted(client)} } > { resource.service.name = ${quoted(server)} }` });

/** @param {Graph} graph @param {boolean} narrow from the top down instead of from left to right @returns {HTMLElement} */
export function drawMap({ nodes, edges }, narrow) {
  const names = [...new Set([...nodes.map(({ service }) => service), ...edges.flatMap(({ client, server }) => [client, server])])].toSorted();
  const places = placed(names, edges);
  const figures = new Map(nodes.map((node) => [node.service, node]));
  const at = (/** @type {string} */ name) => corner(places.get(name) ?? { layer: 0, place: 0 }, narrow);
  const corners = names.map(at);
  const [width, height] = [Math.max(...corners.map(({ x }) => x)) + BOX.width + 40, Math.max(...corners.map(({ y }) => y)) + BOX.height + 40];
  const drawing = svg("svg", { width, height, viewBox: `0 0 ${width} ${height}`, role: "group", "aria-label": "Service map", class: "map" },
    arrowHead(),
    ...edges.map((edge) => arrow(edge, at(edge.client), at(edge.server), narrow)),
    ...names.map((name) => box(name, figures.get(name), at(name))));
  return el("div", { class: "map-scroll" }, drawing);
}

/** @param {{ layer: number, place: number }} place @param {boolean} narrow @returns {Point} */
const corner = ({ layer, place }, narrow) => (narrow
  ? { x: 20 + place * (BOX.width + GAP.narrow), y: 24 + layer * (BOX.height + 84) }
  : { x: 20 + layer * (BOX.width + GAP.wide), y: 24 + place * (BOX.height + GAP.narrow) });

function arrowHead() {
  return svg("defs", {}, svg("marker", { id: "arrow", viewBox: "0 0 8 8", refX: 7, refY: 4, markerWidth: 7, markerHeight: 7, orient: "auto-start-reverse" }, svg("path", { d: "M0,0L8,4L0,8Z", class: "map-head" })));
}

/** @param {string} name @param {Node | undefined} node @param {Point} at */
function box(name, node, { x, y }) {
  const lines = node ? [perSecond(node), `${failing(node)} · p95 ${milliseconds(node.p95_seconds * 1000)}`] : ["calls others", ""];
  return svg("a", { href: tracesOf(name), class: `map-node${node?.errors ? " failing" : ""}`, transform: `translate(${x},${y})`, "aria-label": `${name}: ${node ? told(node) : "calls others"}. Its traces` },
    svg("rect", { width: BOX.width, height: BOX.height, rx: 7 }),
    svg("rect", { width: 5, height: BOX.height - 14, x: 7, y: 7, rx: 2.5, fill: serviceColour(name), class: "map-mark" }),
    word(20, 22, "map-name", name.length > 20 ? `${name.slice(0, 19)}…` : name), word(20, 39, "", lines[0]), word(20, 54, "", lines[1]));
}

/** @param {number} x @param {number} y @param {string} kind @param {string} text */
function word(x, y, kind, text) {
  const node = svg("text", { x, y, class: kind });
  node.textContent = text;
  return node;
}

/** @param {Edge} edge @param {Point} from @param {Point} to @param {boolean} narrow */
function arrow(edge, from, to, narrow) {
  const { path, middle } = narrow ? downwards(from, to) : sidewards(from, to);
  const width = Math.min(1.5 + Math.log10(1 + edge.rate) * 1.5, 6);
  const lines = [perSecond(edge), `${edge.errors ? `⚠ ${failing(edge)} · ` : ""}p95 ${milliseconds(edge.p95_seconds * 1000)}`];
  const label = lines.map((text, index) => word(middle.x, middle.y - 20 + index * 13, "map-label", text));
  return svg("a", { href: tracesBetween(edge), class: `map-edge${edge.errors ? " failing" : ""}`, "aria-label": `${edge.client} calls ${edge.server}: ${told(edge)}. Their traces` },
    svg("path", { d: path, class: "map-reach" }), svg("path", { d: path, "stroke-width": width, "marker-end": "url(#arrow)", class: "map-line" }), ...label);
}

/** @param {Point} from @param {Point} to */
function sidewards(from, to) {
  const start = { x: from.x + BOX.width, y: from.y + BOX.height / 2 };
  const end = { x: to.x - 2, y: to.y + BOX.height / 2 };
  if (to.x > from.x) return { path: `M${start.x},${start.y}C${start.x + 70},${start.y} ${end.x - 70},${end.y} ${end.x},${end.y}`, middle: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 - 5 } };
  return around(from, to);
}

/** @param {Point} from @param {Point} to */
function downwards(from, to) {
  const start = { x: from.x + BOX.width / 2, y: from.y + BOX.height };
  const end = { x: to.x + BOX.width / 2, y: to.y - 2 };
  if (to.y > from.y) return { path: `M${start.x},${start.y}C${start.x},${start.y + 40} ${end.x},${end.y - 40} ${end.x},${end.y}`, middle: { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 + 16 } };
  return around(from, to);
}

/** Back to a caller, below both. @param {Point} from @param {Point} to */
function around(from, to) {
  const [x1, x2] = [from.x + BOX.width * 0.6, to.x + BOX.width * 0.4];
  const low = Math.max(from.y, to.y) + BOX.height;
  return { path: `M${x1},${from.y + BOX.height}C${x1},${low + 46} ${x2},${low + 46} ${x2},${to.y + BOX.height + 2}`, middle: { x: (x1 + x2) / 2, y: low + 40 } };
}
