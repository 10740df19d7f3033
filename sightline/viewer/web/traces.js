/** View: the search for traces. */

import { change, get } from "./address.js";
import { announce, el, empty, failure, fill } from "./dom.js";
import { counted } from "./format.js";
import { isAborted } from "./http.js";
import { search, tagValues } from "./tempo.js";
import { inSeconds, range } from "./time.js";
import { query, traceForm } from "./traceform.js";
import { traceList } from "./tracelist.js";

const LIMIT = 200;

/** @param {HTMLElement} root @returns {import("./main.js").View} */
export function tracesView(root) {
  let stop = new AbortController();
  /** @type {string[]} */
  let services = [];
  /** The range, as the address has it, whose services are known. */
  let offered = "";
  const bar = el("div", { class: "bar trace-bar" });
  const info = el("div", { class: "log-info" });
  const place = el("div", { class: "trace-place" });
  fill(root, el("h1", { class: "unseen" }, "Traces"), bar, info, place);
  root.classList.add("fills");

  async function update() {
    stop.abort();
    stop = new AbortController();
    const { signal } = stop;
    drawBar();
    const now = range();
    root.classList.add("loading");
    if (offered !== `${now.from} ${now.to}`) offerServices(now);
    try {
      const found = await search(query(), { ...inSeconds(now), limit: LIMIT }, signal);
      show(found);
    } catch (error) {
      if (isAborted(error)) return;
      fill(info);
      fill(place, failure(error));
    }
    root.classList.remove("loading");
  }

  /** @param {import("./tempo.js").Summary[]} found */
  function show(found) {
    // One that has begun to send since is offered as soon as it is seen.
    offer([...services, ...found.flatMap((each) => each.services)]);
    const order = /** @type {import("./tracelist.js").Order} */ (get("order", "start"));
    const sorted = found.toSorted((a, b) => b[order] - a[order]);
    const scrolled = place.firstElementChild?.scrollTop ?? 0;
    fill(place, found.length ? traceList(sorted, "Traces", { order, onorder: (to) => change({ order: to }) }) : nothing());
    if (place.firstElementChild) place.firstElementChild.scrollTop = scrolled;
    fill(info, counted(found.length, "trace") + (found.length >= LIMIT ? ", the newest; narrow the search for older ones" : ""));
    announce(counted(found.length, "trace"));
  }

  /** @param {import("./time.js").Range} within */
  async function offerServices(within) {
    const asked = (offered = `${within.from} ${within.to}`);
    const found = await tagValues("resource.service.name", within).catch(() => []);
    if (offered !== asked) return;
    offer(found.map(({ value }) => value));
  }

  /** @param {string[]} names */
  function offer(names) {
    const all = [...new Set(names)].toSorted();
    if (all.join() === services.join()) return;
    services = all;
    drawBar();
  }

  function drawBar() {
    if (bar.contains(document.activeElement) && document.activeElement?.matches("input, select")) return;
    fill(bar, ...traceForm(services));
  }

  update();
  return { title: "Traces", update, close: () => stop.abort() };
}

function nothing() {
  if (/[?&](service|route|name|status|min|max|attr|query)=/.test(location.search)) return empty("No trace matches.", "Take a condition away, or choose a longer time range.");
  return empty("No traces in this time range.", "Send OTLP spans to this viewer: set ", el("code", {}, "OTEL_EXPORTER_OTLP_ENDPOINT"), ", or start ", el("code", {}, "make demo"), ".");
}
