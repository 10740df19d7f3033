/** View: a dashboard, drawn from the very JSON that Grafana is provisioned with. */

import { change, get, go, link } from "./address.js";
import { firstOf, leftOut, linksOf, tabs } from "./boards.js";
import { el, empty, failure, fill, icon } from "./dom.js";
import { ask, isAborted } from "./http.js";
import { onTheme } from "./palette.js";
import { panelFrame } from "./panel.js";
import { differences } from "./panels/unsupported.js";
import { interpolate } from "./template.js";
import { inSeconds, range, setStandard } from "./time.js";
import { variableInput } from "./variableinput.js";
import { loadVariables } from "./variables.js";

/** @typedef {import("./template.js").Variable} Variable */

/** @param {HTMLElement} root @param {string} uid @returns {import("./main.js").View} */
export function dashboardView(root, uid) {
  const view = { title: "Dashboards", update, close };
  const heading = el("h1", { class: "unseen" }, "Dashboards");
  const bar = el("div", { class: "bar" });
  const notes = el("div");
  const grid = el("div", { class: "grid" });
  /** What went wrong stands above the panels, which stay. */
  const problem = el("div");
  fill(root, heading, bar, notes, problem, grid);
  let stop = new AbortController();
  /** @type {any} */
  let dashboard = null;
  /** @type {import("./boards.js").Listed} */
  let known = { dashboards: [], left_out: [] };
  /** @type {Map<number, ReturnType<typeof panelFrame>>} */
  let frames = new Map();
  let laidOut = "";
  /** The variable that was set last: the keyboard stands on it. */
  let set = "";
  /** @type {Set<number>} */
  const seen = new Set();
  /** @type {import("./panels/targets.js").Context | null} */
  let context = null;
  // Only what is in sight asks its queries.
  const watcher = new IntersectionObserver(inSight, { rootMargin: "200px" });
  const endTheme = onTheme(update);

  async function open() {
    stop.abort();
    stop = new AbortController();
    try {
      known = await ask("/api/dashboards", {}, stop.signal);
      if (!uid) return go(link(`/d/${firstOf(known)}`), { replace: true });
      fill(notes, leftOut(known));
      dashboard = await ask(`/api/dashboards/${encodeURIComponent(uid)}`, {}, stop.signal);
      view.title = heading.textContent = dashboard.title;
      document.title = `${dashboard.title} · Sightline`;
      setStandard({ ...dashboard.time, refresh: dashboard.refresh });
      change({ refresh: get("refresh") || dashboard.refresh }, { replace: true });
      await update();
    } catch (error) {
      if (isAborted(error)) return;
      // One that is no more still leads to the others.
      drawBar([]);
      fill(problem, failure(error));
    }
  }

  async function update() {
    if (!dashboard) return open();
    stop.abort();
    stop = new AbortController();
    const { signal } = stop;
    const now = range();
    try {
      const variables = await loadVariables(dashboard.templating?.list ?? [], inSeconds(now));
      if (signal.aborted) return;
      context = { variables, range: now, dashboard: uid, signal };
      fill(problem);
      drawBar(variables);
      layOut();
      for (const id of seen) frames.get(id)?.update(context);
    } catch (error) {
      if (!signal.aborted) fill(problem, failure(error));
    }
  }

  /** @param {Variable[]} variables */
  function drawBar(variables) {
    const focused = /** @type {HTMLElement | null} */ (bar.contains(document.activeElement) ? document.activeElement : null);
    if (focused?.matches("select, input, [open] *")) return;
    const key = focused?.dataset.key ?? (document.activeElement === document.body ? set : "");
    set = "";
    fill(bar,
      tabs(known, uid, kept(variables)),
      dashboard && linksOf(dashboard, known),
      el("div", { class: "variables" }, ...variables.filter(({ hidden }) => !hidden).map((each) => variableInput(each, onset))));
    if (key) /** @type {HTMLElement | null} */ (bar.querySelector(`[data-key="${CSS.escape(key)}"]`))?.focus({ preventScroll: true });
  }

  /** @type {import("./variableinput.js").OnSet} */
  function onset(name, values) {
    set = name;
    change({ [`var-${name}`]: values });
  }

  function layOut() {
    const only = get("viewPanel");
    const closed = get("closed", dashboard.panels.filter((/** @type {any} */ { collapsed }) => collapsed).map((/** @type {any} */ { id }) => id).join(",")).split(",");
    if (laidOut === `${only}|${closed}`) return;
    laidOut = `${only}|${closed}`;
    watcher.disconnect();
    seen.clear();
    frames = new Map();
    const panels = only ? dashboard.panels.filter((/** @type {any} */ { id }) => String(id) === only) : dashboard.panels;
    if (!dashboard.panels.length) return void fill(grid, empty("This dashboard has no panels."));
    if (!panels.length) return void fill(grid, empty("This dashboard has no such panel.", el("a", { href: link(location.pathname) }, "Show the whole dashboard")));
    fill(grid, ...placed(panels, Boolean(only), closed));
    for (const each of grid.querySelectorAll(".panel")) watcher.observe(each);
  }

  /** @param {any[]} panels @param {boolean} alone @param {string[]} closed @returns {HTMLElement[]} */
  function placed(panels, alone, closed) {
    let isOpen = true;
    let lifted = 0;
    let lowest = 0;
    const found = [];
    for (const panel of panels.toSorted((a, b) => a.gridPos.y - b.gridPos.y || a.gridPos.x - b.gridPos.x)) {
      const isRow = panel.type === "row";
      const isBelow = !isRow && !panel.outside;
      // What a closed row hides leaves no hole.
      if (!isBelow && !isOpen) lifted = panel.gridPos.y - lowest;
      if (!isBelow) isOpen = !isRow || !closed.includes(String(panel.id));
      if (!isRow && !isOpen && !alone) continue;
      const element = isRow ? rowHeader(panel, isOpen, closed, context?.variables ?? []) : framed(panel, alone);
      if (!alone) position(element, panel.gridPos, lifted);
      lowest = Math.max(lowest, panel.gridPos.y - lifted + panel.gridPos.h);
      found.push(element);
    }
    return found;
  }

  /** @param {any} panel @param {boolean} alone */
  function framed(panel, alone) {
    const frame = panelFrame(panel);
    frames.set(panel.id, frame);
    frame.element.classList.toggle("alone", alone);
    frame.element.dataset.id = panel.id;
    return frame.element;
  }

  /** @param {IntersectionObserverEntry[]} entries */
  function inSight(entries) {
    for (const { target, isIntersecting } of entries) {
      const id = Number(/** @type {HTMLElement} */ (target).dataset.id);
      if (isIntersecting && !seen.has(id) && context) frames.get(id)?.update(context);
      if (isIntersecting) seen.add(id);
      else seen.delete(id);
    }
  }

  function close() {
    stop.abort();
    watcher.disconnect();
    endTheme();
  }

  open();
  return view;
}

/**
 * @param {HTMLElement} element
 * @param {{ x: number, y: number, w: number, h: number }} place
 * @param {number} lifted
 */
function position(element, { x, y, w, h }, lifted) {
  for (const [name, value] of Object.entries({ x: x + 1, y: y - lifted + 1, w, h })) element.style.setProperty(`--${name}`, String(value));
}

/** @param {any} panel @param {boolean} open @param {string[]} closed @param {Variable[]} variables */
function rowHeader(panel, open, closed, variables) {
  const id = String(panel.id);
  const after = open ? [...closed, id] : closed.filter((each) => each !== id);
  // Without a word in the address, the rows are closed that the dashboard has so.
  const toggle = () => change({ closed: after.filter((each) => each && each !== "none").join(",") || "none" });
  const title = interpolate(panel.title || "Row", variables, {}, "text");
  return el("h2", { class: "row-title" }, el("button", { type: "button", "aria-expanded": String(open), onclick: toggle }, icon(open ? "down" : "right"), title),
    ...differences(panel).map((each) => el("span", { class: "panel-note" }, each)));
}

/** @param {Variable[]} variables @returns {import("./address.js").Params} */
const kept = (variables) => Object.fromEntries(variables.map(({ name, value }) => [`var-${name}`, value]));
