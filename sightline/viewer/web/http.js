/** Asks the viewer's own query APIs; an answer that is an error is thrown with the server's words. */

/** @typedef {Record<string, string | number | string[] | undefined>} Query */

/**
 * @param {string} path
 * @param {Query} [query]
 * @param {AbortSignal} [signal]
 * @returns {Promise<any>}
 */
export async function ask(path, query = {}, signal) {
  const response = await reached(`${path}${written(query)}`, signal);
  const text = await response.text();
  if (!response.ok) throw new Error(reason(text) || `The viewer answered ${response.status} ${response.statusText}.`, response.status >= 500 ? { cause: response.status } : {});
  return JSON.parse(text);
}

/**
 * Asks once more where the connection broke: the server may have closed an idle one at that moment.
 * @param {string} address
 * @param {AbortSignal} [signal]
 */
async function reached(address, signal, tries = 2) {
  try {
    return await fetch(address, { signal, headers: { Accept: "application/json" } });
  } catch (error) {
    if (signal?.aborted) throw error;
    if (tries > 1) return reached(address, signal, tries - 1);
    throw new Error("The viewer does not answer: is it still running?", { cause: error });
  }
}

/** @param {Query} query */
function written(query) {
  const params = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value === undefined) continue;
    for (const each of [value].flat()) params.append(name, String(each));
  }
  const text = params.toString();
  return text && `?${text}`;
}

/** Prometheus says `error`, FastAPI `detail`, Loki and Tempo plain text. @param {string} text */
function reason(text) {
  try {
    const found = JSON.parse(text);
    return found.error ?? (typeof found.detail === "string" ? found.detail : (found.message ?? text));
  } catch {
    return text.trim();
  }
}

/** The viewer is at fault, or gone, and not what was asked of it. @param {unknown} error */
export const isOutage = (error) => error instanceof Error && error.cause !== undefined;

/** @param {unknown} error */
export const isAborted = (error) => error instanceof DOMException && error.name === "AbortError";
