/** Where services stand: callers before those they call. */

/** @typedef {{ name: string, layer: number, place: number }} Placed */

/**
 * @param {string[]} names
 * @param {{ client: string, server: string }[]} edges
 * @returns {Map<string, Placed>} by name; `place` is the rank within the layer
 */
export function placed(names, edges) {
  const layers = layersOf(names, edges);
  /** @type {Map<string, Placed>} */
  const found = new Map();
  const depth = Math.max(0, ...layers.values());
  for (let layer = 0; layer <= depth; layer++) {
    const here = names.filter((name) => layers.get(name) === layer);
    // Beside their callers, so that few lines cross.
    const wish = (/** @type {string} */ name) => mean(edges.filter(({ server }) => server === name).map(({ client }) => found.get(client)?.place));
    here.sort((a, b) => wish(a) - wish(b) || (a < b ? -1 : 1));
    here.forEach((name, place) => found.set(name, { name, layer, place }));
  }
  return found;
}

/** @param {(number | undefined)[]} places */
function mean(places) {
  const known = places.filter((place) => place !== undefined);
  return known.length ? known.reduce((sum, place) => sum + place, 0) / known.length : 0;
}

/** The longest way to each from one that nobody calls; a way that closes a circle does not count. @param {string[]} names @param {{ client: string, server: string }[]} edges */
function layersOf(names, edges) {
  /** @type {Map<string, number>} */
  const layers = new Map(names.map((name) => [name, 0]));
  const called = new Set(edges.filter(({ client, server }) => client !== server).map(({ server }) => server));
  const starts = names.filter((name) => !called.has(name));
  // Where all are called, the circle begins somewhere.
  for (const start of starts.length ? starts : names.slice(0, 1)) walk(start, new Set([start]));

  /** @param {string} name @param {Set<string>} way */
  function walk(name, way) {
    for (const { client, server } of edges) {
      const next = (layers.get(name) ?? 0) + 1;
      if (client !== name || way.has(server) || (layers.get(server) ?? 0) >= next) continue;
      layers.set(server, next);
      walk(server, new Set([...way, server]));
    }
  }
  return layers;
}
