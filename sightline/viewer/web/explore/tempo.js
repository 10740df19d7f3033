/** Answers TraceQL: traces in a table. */

import { empty, fill } from "../dom.js";
import { counted } from "../format.js";
import { search } from "../tempo.js";
import { inSeconds } from "../time.js";
import { traceList } from "../tracelist.js";

const LIMIT = 200;

/** @param {HTMLElement} place @returns {import("./view.js").Answer} */
export function tempoAnswer(place) {
  return async ({ query, range, signal }) => {
    const found = await search(query, { ...inSeconds(range), limit: LIMIT }, signal);
    fill(place, found.length ? traceList(found, "Traces") : empty("The query is right, and finds no trace in this time range.", "Choose a longer one, or take a condition away."));
    return counted(found.length, "trace") + (found.length >= LIMIT ? ", the newest; narrow the query for older ones" : "");
  };
}
