/** The live tail: lines as they arrive, with a pause, and a count of those left out. */

import { el, empty, fill, icon, mount } from "./dom.js";
import { counted } from "./format.js";
import { AGAIN, countLines, tail } from "./loki.js";
import { without } from "./loglines.js";

/** @typedef {import("./loki.js").Line} Line */

/** Older lines fall off the end. */
const MOST = 100_000;
const MOST_WAITING = 5_000;

/**
 * @param {string} query
 * @param {{ info: HTMLElement, place: HTMLElement, rows: { element: HTMLElement, show: (lines: Line[]) => void } }} into
 */
export function liveTail(query, { info, place, rows }) {
  /** @type {Line[]} */
  let lines = [];
  /** @type {Line[]} */
  let waiting = [];
  let skipped = 0;
  let paused = false;
  let trouble = "";
  let drawing = 0;
  const end = tail(query, { onlines: take, onagain: takeAgain, onstate: (text) => ((trouble = text), schedule()) });

  /** @param {Line[]} arrived @param {number} dropped */
  function take(arrived, dropped) {
    skipped += dropped;
    if (paused) {
      waiting = [...arrived, ...waiting];
      skipped += Math.max(0, waiting.length - MOST_WAITING);
      waiting.length = Math.min(waiting.length, MOST_WAITING);
    } else lines = newest(arrived, lines);
    schedule();
  }

  /** After an interruption: what is not known yet, and how many there were besides. @param {Line[]} arrived @param {string} since */
  async function takeAgain(arrived, since) {
    const known = [...waiting, ...lines].filter(({ ns }) => ns >= since);
    const fresh = without(arrived, known);
    take(fresh, 0);
    if (arrived.length < AGAIN) return;
    const oldest = arrived[arrived.length - 1].ns;
    const all = await countLines(query, since, oldest).catch(() => 0);
    skipped += Math.max(0, all - known.filter(({ ns }) => ns <= oldest).length - fresh.filter(({ ns }) => ns === oldest).length);
    schedule();
  }

  function togglePause() {
    paused = !paused;
    if (!paused) lines = newest(waiting, lines);
    waiting = [];
    draw();
  }

  /** A burst of messages is one drawing. */
  function schedule() {
    drawing ||= setTimeout(() => ((drawing = 0), draw()), 100);
  }

  function draw() {
    mount(place, lines.length ? rows.element : empty("Waiting for the first line …", "Lines appear here at the moment they arrive."));
    if (lines.length) rows.show(lines);
    const focused = info.contains(document.activeElement);
    fill(info,
      el("button", { type: "button", class: "chip", "aria-pressed": String(paused), onclick: togglePause }, icon(paused ? "play" : "pause"), paused ? "Resume" : "Pause"),
      el("span", {}, counted(lines.length, "line")),
      paused && waiting.length ? el("span", {}, `${waiting.length.toLocaleString("en")} waiting`) : null,
      skipped ? el("span", { class: "warned" }, icon("warn"), `${skipped.toLocaleString("en")} skipped`) : null,
      trouble ? el("span", { class: "warned", role: "alert" }, icon("warn"), trouble) : null);
    if (focused) info.querySelector("button")?.focus();
  }

  draw();
  return {
    close() {
      clearTimeout(drawing);
      end();
    },
  };
}

/** Most often they are newer than all that is known. @param {Line[]} arrived @param {Line[]} lines */
function newest(arrived, lines) {
  const oldest = arrived.at(-1);
  const together = arrived.concat(lines);
  const isOrdered = !oldest || !lines.length || oldest.ns >= lines[0].ns;
  return (isOrdered ? together : together.toSorted((a, b) => (a.ns < b.ns ? 1 : a.ns > b.ns ? -1 : 0))).slice(0, MOST);
}
