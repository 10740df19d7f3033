/** The page's frame: chooses the view that the address names, and refreshes it. */

import { get, link, onAddress } from "./address.js";
import { firingCount, watchFiring } from "./alerts/firing.js";
import { alertsView } from "./alerts/view.js";
import { dashboardView } from "./dashboard.js";
import { announce, el, failure, fill } from "./dom.js";
import { exploreView } from "./explore/view.js";
import { logsView } from "./logs.js";
import { mapView } from "./servicemap/view.js";
import { statusView } from "./status.js";
import { refreshEvery } from "./time.js";
import { timePicker } from "./timepicker.js";
import { traceView } from "./trace.js";
import { tracesView } from "./traces.js";

/**
 * @typedef {object} View
 * @property {() => void} update the address changed, or it is time to refresh
 * @property {() => void} close
 * @property {string} title
 * @property {boolean} [timeless] the time range does not matter here
 */
/** @typedef {(root: HTMLElement, id: string) => View} ViewMaker */

/** @type {[RegExp, ViewMaker][]} */
const ROUTES = [
  [/^\/$/, dashboardView],
  [/^\/d\/([^/]+)/, dashboardView],
  [/^\/logs$/, logsView],
  [/^\/traces$/, tracesView],
  [/^\/traces\/([0-9a-fA-F]+)$/, traceView],
  [/^\/map$/, mapView],
  [/^\/explore$/, exploreView],
  [/^\/alerts$/, alertsView],
  [/^\/status$/, statusView],
];
const NAV = /** @type {[string, string, RegExp][]} */ ([
  ["Dashboards", "/", /^\/(d\/|$)/],
  ["Logs", "/logs", /^\/logs/],
  ["Traces", "/traces", /^\/traces/],
  ["Map", "/map", /^\/map/],
  ["Explore", "/explore", /^\/explore/],
  ["Alerts", "/alerts", /^\/alerts/],
  ["Status", "/status", /^\/status/],
]);

const root = /** @type {HTMLElement} */ (document.getElementById("view"));
const nav = /** @type {HTMLElement} */ (document.getElementById("nav"));
const tools = /** @type {HTMLElement} */ (document.getElementById("tools"));
/** @type {View | null} */
let view = null;
let shown = "";

function show() {
  drawNav();
  if (location.pathname === shown && view) view.update();
  else open();
  if (view) document.title = `${view.title} · Sightline`;
  fill(tools, view?.timeless ? null : timePicker(refresh));
}

function open() {
  const isFirst = shown === "";
  view?.close();
  view = null;
  shown = location.pathname;
  const place = el("div", { class: "view" });
  fill(root, place);
  const route = ROUTES.find(([pattern]) => pattern.test(shown));
  if (!route) return void fill(place, failure(`There is no view at ${shown}.`));
  view = route[1](place, route[0].exec(shown)?.[1] ?? "");
  announce(view.title);
  // What was clicked is gone: whoever goes by keyboard stands at the beginning of the new view.
  if (!isFirst && !root.contains(document.activeElement)) root.focus({ preventScroll: true });
}

function drawNav() {
  fill(nav, ...NAV.map(([name, path, here]) =>
    el("a", { href: link(path), "aria-current": here.test(location.pathname) ? "page" : null }, name, path === "/alerts" ? firingCount : null)));
}

function refresh() {
  view?.update();
}

let last = Date.now();
setInterval(() => {
  const every = refreshEvery();
  // A hidden tab asks nothing; a range picked by hand stays as it was.
  if (!every || document.hidden || get("live") || Date.now() - last < every) return;
  last = Date.now();
  refresh();
}, 500);

onAddress(show);
show();
watchFiring();
