/** View: any query in the three languages, with completion, answered as chart, table or rows. */

import { change, get, link } from "../address.js";
import { combobox } from "../combobox.js";
import { logql } from "../complete/logql.js";
import { promql } from "../complete/promql.js";
import { traceql } from "../complete/traceql.js";
import { announce, el, failure, fill } from "../dom.js";
import { isAborted } from "../http.js";
import { onTheme } from "../palette.js";
import { range } from "../time.js";
import { examples } from "./examples.js";
import { lokiAnswer } from "./loki.js";
import { prometheusAnswer } from "./prometheus.js";
import { tempoAnswer } from "./tempo.js";

/** @typedef {{ query: string, show: string, range: import("../time.js").Range, signal: AbortSignal }} Question */
/** @typedef {(question: Question) => Promise<string>} Answer draws, and says how much was found */
/** @typedef {{ name: string, source: import("../complete/options.js").Source, answer: (place: HTMLElement) => Answer, of: string }} Language */

/** @type {Record<string, Language>} */
const LANGUAGES = {
  promql: { name: "PromQL", source: promql, answer: prometheusAnswer, of: "metrics" },
  logql: { name: "LogQL", source: logql, answer: lokiAnswer, of: "logs" },
  traceql: { name: "TraceQL", source: traceql, answer: tempoAnswer, of: "traces" },
};

const chosen = () => (LANGUAGES[get("lang")] ? get("lang") : "promql");

/** @param {HTMLElement} root @returns {import("../main.js").View} */
export function exploreView(root) {
  let stop = new AbortController();
  let lang = "";
  /** @type {Answer} */
  let answer;
  /** @type {HTMLInputElement} */
  let input;
  const bar = el("div", { class: "bar explore-bar" });
  const problem = el("div", { id: "query-problem" });
  const info = el("div", { class: "log-info" });
  const place = el("div", { class: "explore-place" });
  fill(root, el("h1", { class: "unseen" }, "Explore"), bar, problem, info, place);
  root.classList.add("fills");
  const endTheme = onTheme(update);

  const run = (/** @type {string} */ query) => (query === get("query") ? void update() : change({ query, hide: null, only: null }));

  function drawBar() {
    const { name, source, of } = LANGUAGES[lang];
    const field = combobox({ source, onenter: run, props: { class: "query-text", "aria-label": `${name} query`, "aria-describedby": problem.id, placeholder: `Query ${of} in ${name}; arrow down for suggestions` } });
    input = field.input;
    fill(bar,
      el("nav", { class: "tabs", "aria-label": "Query languages" }, ...Object.entries(LANGUAGES).map(([key, each]) =>
        el("a", { href: link("/explore", { lang: key }), "aria-current": key === lang ? "page" : null }, each.name, el("span", { class: "tab-of" }, each.of)))),
      el("div", { class: "query-place" }, el("div", { class: "query" },
        el("div", { class: "query-box" }, el("span", { class: "query-kind", "aria-hidden": "true" }, name), field.element),
        el("button", { type: "button", class: "primary", onclick: () => run(input.value) }, "Run"))));
    place.replaceChildren();
    answer = LANGUAGES[lang].answer(place);
  }

  function update() {
    if (lang !== chosen()) {
      lang = chosen();
      drawBar();
    }
    if (document.activeElement !== input || !input.value) input.value = get("query");
    return ask();
  }

  async function ask() {
    stop.abort();
    stop = new AbortController();
    const { signal } = stop;
    const query = get("query").trim();
    if (!query) {
      fill(info);
      tell(null);
      return void fill(place, examples(lang));
    }
    root.classList.add("loading");
    try {
      const found = await answer({ query, show: get("show"), range: range(), signal });
      tell(null);
      fill(info, found, shows());
      announce(found);
    } catch (error) {
      if (isAborted(error)) return undefined;
      fill(info);
      fill(place);
      tell(error);
    }
    root.classList.remove("loading");
    return undefined;
  }

  /** @param {unknown} error what the API said of the query */
  function tell(error) {
    fill(problem, error ? failure(error) : null);
    place.hidden = Boolean(error);
    if (error) input.setAttribute("aria-invalid", "true");
    else input.removeAttribute("aria-invalid");
  }

  function shows() {
    if (!place.querySelector(".explore-chart, .explore-table")) return null;
    const now = get("show") || "chart";
    return el("span", { class: "chips", role: "group", "aria-label": "Show as" }, ...[["chart", "Over time"], ["table", "Now"]].map(([key, name]) =>
      el("button", { type: "button", class: "chip", "aria-pressed": String(now === key), onclick: () => change({ show: key === "chart" ? null : key }) }, name)));
  }

  function close() {
    stop.abort();
    endTheme();
  }

  update();
  if (!get("query")) bar.querySelector("input")?.focus();
  return { title: "Explore", update, close };
}
