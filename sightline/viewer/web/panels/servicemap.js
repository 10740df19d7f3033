/** Panel: the service map, from the viewer's own spans. */

import { fill } from "../dom.js";
import { drawMap } from "../servicemap/draw.js";
import { serviceMap } from "../tempo.js";
import { inSeconds } from "../time.js";

/** @param {any} _ @param {import("./targets.js").Context} context */
export async function load(_, { range, signal }) {
  const graph = await serviceMap(inSeconds(range), signal);
  return { graph, empty: graph.nodes.length === 0 && graph.edges.length === 0 };
}

/** @param {HTMLElement} place @param {any} _ @param {{ graph: import("../servicemap/draw.js").Graph }} data */
export function draw(place, _, { graph }) {
  fill(place, drawMap(graph, place.clientWidth < 480));
}
