/** The address bar holds the page's whole state; this reads it and changes it. */

/** @typedef {Record<string, string | string[] | null | undefined>} Params */

/** @type {Set<() => void>} */
const listeners = new Set();

/** @param {() => void} listener called after every change of the address */
export function onAddress(listener) {
  listeners.add(listener);
}

const params = () => new URLSearchParams(location.search);

/** @param {string} name @param {string} [otherwise] */
export const get = (name, otherwise = "") => params().get(name) ?? otherwise;

/** @param {string} name */
export const all = (name) => params().getAll(name);

/** @param {string} prefix @returns {[string, string[]][]} parameters whose name begins so, without the prefix */
export function withPrefix(prefix) {
  const names = new Set([...params().keys()].filter((name) => name.startsWith(prefix)));
  return [...names].map((name) => [name.slice(prefix.length), params().getAll(name)]);
}

/**
 * @param {string} path
 * @param {Params} [changes]
 * @returns {string} an address that keeps the time range
 */
export function link(path, changes = {}) {
  const kept = new URLSearchParams();
  for (const name of ["from", "to", "refresh"]) if (get(name)) kept.set(name, get(name));
  return written(path, kept, changes);
}

/**
 * @param {Params} changes null takes a parameter away
 * @param {{ replace?: boolean, quiet?: boolean }} [how] `quiet` where the view has drawn the change already
 */
export function change(changes, how = {}) {
  go(written(location.pathname, params(), changes), how);
}

/** @param {string} address @param {{ replace?: boolean, quiet?: boolean }} [how] */
export function go(address, { replace = false, quiet = false } = {}) {
  if (address === location.pathname + location.search) return;
  if (replace) history.replaceState(null, "", address);
  else history.pushState(null, "", address);
  if (!quiet) tell();
}

/**
 * @param {string} path
 * @param {URLSearchParams} kept
 * @param {Params} changes
 */
function written(path, kept, changes) {
  for (const [name, value] of Object.entries(changes)) {
    kept.delete(name);
    if (value === null || value === undefined || value === "") continue;
    for (const each of [value].flat()) kept.append(name, each);
  }
  const query = kept.toString();
  return query ? `${path}?${query}` : path;
}

function tell() {
  for (const listener of listeners) listener();
}

/** Links inside the page change the address without loading it anew. @param {MouseEvent} event */
function follow(event) {
  const anchor = /** @type {Element} */ (event.target).closest?.("a[href]");
  const plain = event.button === 0 && !event.metaKey && !event.ctrlKey && !event.shiftKey && !event.altKey;
  if (!(anchor instanceof HTMLAnchorElement) || !plain || anchor.target || event.defaultPrevented) return;
  if (anchor.origin !== location.origin || anchor.getAttribute("href")?.startsWith("#")) return;
  event.preventDefault();
  go(anchor.pathname + anchor.search);
}

addEventListener("popstate", tell);
document.addEventListener("click", follow);
