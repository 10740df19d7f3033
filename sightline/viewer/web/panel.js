/** The frame of a panel: title, tools, and what it says while there is nothing to draw. */

import { change, get, go, link } from "./address.js";
import { el, empty, failure, fill, iconButton } from "./dom.js";
import { hiddenLines } from "./hiddenlines.js";
import { isAborted } from "./http.js";
import { writtenLink } from "./links.js";
import * as logs from "./panels/logs.js";
import * as servicemap from "./panels/servicemap.js";
import * as stat from "./panels/stat.js";
import { gridOf, spaced, visible, written } from "./panels/targets.js";
import * as text from "./panels/text.js";
import * as timeseries from "./panels/timeseries.js";
import * as traces from "./panels/tracetable.js";
import { differences, refusal } from "./panels/unsupported.js";
import * as valuetable from "./panels/valuetable.js";
import { interpolate } from "./template.js";

/** @typedef {import("./panels/targets.js").Context} Context */
/** @typedef {{ load?: (panel: any, context: Context, width: number) => Promise<any>, draw: (place: HTMLElement, panel: any, data: any, how: any) => void }} Drawer */

/** @type {Record<string, Drawer>} */
const DRAWERS = {
  timeseries,
  stat: { load: stat.load, draw: stat.drawStat },
  gauge: { load: stat.load, draw: stat.drawBars },
  bargauge: { load: stat.load, draw: stat.drawBars },
  logs,
  text: { draw: text.draw },
};

/** @param {any} panel @returns {Drawer | undefined} */
function drawerOf(panel) {
  const { queryType = "", datasource } = panel.targets?.[0] ?? {};
  if (panel.type === "nodeGraph") return queryType === "serviceMap" ? servicemap : undefined;
  if (panel.type === "table") return queryType === "traceql" ? traces : datasource?.type === "prometheus" ? valuetable : undefined;
  return Object.hasOwn(DRAWERS, panel.type) ? DRAWERS[panel.type] : undefined;
}

/** @param {any} panel @returns {string} the language that Explore would ask it in */
function exploring(panel) {
  const [target] = visible(panel);
  if (!target?.expr && target?.queryType !== "traceql") return "";
  return target.queryType === "traceql" ? "traceql" : panel.type === "logs" || target.datasource?.type === "loki" ? "logql" : "promql";
}

/** @param {any} panel */
export function panelFrame(panel) {
  const body = el("div", { class: "panel-body" });
  const extra = el("div", { class: "panel-extra", hidden: true });
  const titleId = `panel-${panel.id}`;
  const heading = el("h2", { id: titleId }, panel.title || "Panel");
  const drawer = drawerOf(panel);
  const refused = refusal(panel, Boolean(drawer));
  const isTold = Boolean(panel.description || panel.links?.length);
  const how = { table: false, hidden: hiddenLines(`-${panel.id}`), context: /** @type {any} */ (null) };
  /** @type {any} */
  let data = null;
  const tableButton = iconButton("table", "Values as a table", toggleTable, { "aria-pressed": "false" });
  const large = get("viewPanel") === String(panel.id);
  const element = el("section", { class: `panel panel-${panel.type}`, "aria-labelledby": titleId },
    el("header", {},
      heading,
      el("div", { class: "panel-tools" },
        isTold ? iconButton("info", `About: ${panel.title || "this panel"}`, () => tell(panel.description, ...aboutLinks(panel))) : null,
        drawer === timeseries ? tableButton : null,
        visible(panel).length ? iconButton("code", "Query", showQueries) : null,
        exploring(panel) && !refused ? iconButton("search", "Explore this query", explore) : null,
        iconButton(large ? "close" : "expand", large ? "Back to the dashboard" : "Enlarge", () => change({ viewPanel: large ? null : String(panel.id) })))),
    ...(refused ? [] : differences(panel, drawer === valuetable ? valuetable.MADE : []).map((each) => el("p", { class: "panel-note", title: each }, each))),
    extra, body);

  /** @param {...any} content */
  function tell(...content) {
    const same = !extra.hidden && extra.textContent === el("div", {}, ...content).textContent;
    extra.hidden = same;
    fill(extra, ...content);
  }

  function showQueries() {
    const grid = gridOf(panel, how.context, body.clientWidth);
    tell(...visible(panel).map((/** @type {any} */ target) => el("pre", { tabindex: "0" }, written(target, how.context, grid))));
  }

  function explore() {
    const [target] = visible(panel);
    go(link("/explore", { lang: exploring(panel), query: written(target, how.context, gridOf(panel, how.context, body.clientWidth)) }));
  }

  function toggleTable() {
    const others = get("table").split(",").filter((each) => each && each !== String(panel.id));
    change({ table: [...others, ...(how.table ? [] : [panel.id])].join(",") }, { replace: true, quiet: true });
    readTable();
    if (data && !data.empty) drawer?.draw(body, panel, data, how);
  }

  function readTable() {
    how.table = get("table").split(",").includes(String(panel.id));
    tableButton.setAttribute("aria-pressed", String(how.table));
  }

  /** @param {Context} context */
  async function update(context) {
    // Its query is told as it was asked until the spacing is known anew.
    how.context = { ...context, spacing: how.context?.spacing };
    readTable();
    heading.textContent = interpolate(panel.title || "Panel", context.variables, {}, "text");
    if (refused || !drawer) return void fill(body, empty(refused));
    if (drawer !== servicemap && drawer.load && !visible(panel).length) return void fill(body, empty("This panel asks nothing."));
    if (!drawer.load) return drawer.draw(body, panel, null, how);
    element.classList.add("loading");
    try {
      const whole = await spaced(panel, context);
      if (context.signal.aborted) return;
      how.context = whole;
      data = await drawer.load(panel, how.context, body.clientWidth);
      if (data.empty) fill(body, empty(panel.fieldConfig?.defaults?.noValue ?? "no data in this time range"));
      else drawer.draw(body, panel, data, how);
    } catch (error) {
      if (isAborted(error)) return;
      data = null;
      fill(body, failure(error));
    }
    element.classList.remove("loading");
  }

  return { element, update };
}

/** @param {any} panel @returns {HTMLElement[]} */
const aboutLinks = (panel) => (panel.links ?? []).map((/** @type {any} */ each) => el("p", {}, writtenLink(each)));
