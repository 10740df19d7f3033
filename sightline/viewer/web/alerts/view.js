/** View: the rules that raise alerts, by group; what fires stands first. */

import { all, change, get } from "../address.js";
import { debounce, el, empty, failure, fill, icon } from "../dom.js";
import { counted, milliseconds } from "../format.js";
import { ask, isAborted } from "../http.js";
import { prose } from "../panels/text.js";
import { stamp } from "../time.js";
import { tellFiring } from "./firing.js";
import { ruleCard, sectionOf, SIGNS } from "./rule.js";
import { askRules, chosen, counts, firingIn, STATES, stateOf } from "./rules.js";

/** @typedef {import("./rules.js").Group} Group */
/** @typedef {import("./rules.js").Rule} Rule */

const EVERY = 5000;

/** @param {HTMLElement} root @returns {import("../main.js").View} */
export function alertsView(root) {
  let stop = new AbortController();
  /** @type {Group[] | null} */
  let groups = null;
  /** Sections of the runbook, by anchor. @type {Map<string, HTMLElement>} */
  const sections = new Map();
  const search = debounce((/** @type {string} */ value) => change({ text: value }, { replace: true }), 300);
  const chips = el("div", { class: "chips", role: "group", "aria-label": "State" });
  const words = el("input", { type: "search", placeholder: "Name, label or text", value: get("text"), oninput: (/** @type {any} */ event) => search(event.target.value) });
  const place = el("div");
  fill(root, el("h1", { class: "unseen" }, "Alerts"),
    el("div", { class: "bar" }, chips, el("label", { class: "search" }, icon("search"), el("span", { class: "unseen" }, "Search in the rules"), words)), place);

  async function update() {
    if (groups) draw(groups);
    stop.abort();
    stop = new AbortController();
    try {
      groups = await askRules(stop.signal);
      tellFiring(firingIn(groups));
      await fetchRunbook(groups);
      draw(groups);
    } catch (error) {
      if (isAborted(error)) return;
      groups = null;
      fill(chips);
      fill(place, failure(error));
    }
  }

  /** @param {Group[]} from */
  async function fetchRunbook(from) {
    const rules = from.flatMap((group) => group.rules.map((rule) => ({ key: keyOf(group, rule), anchor: sectionOf(rule.annotations?.runbook_url) })));
    const anchor = rules.find(({ key }) => key === get("runbook"))?.anchor;
    if (!anchor || sections.has(anchor)) return;
    // A rule of one's own may name a section that the shipped runbook does not have.
    const text = await ask(`/api/runbook/${anchor}`, {}, stop.signal).then((found) => found.text, (error) => (isAborted(error) ? Promise.reject(error) : error.message));
    sections.set(anchor, el("div", { class: "runbook prose", role: "region", "aria-label": "Runbook" }, ...prose(text)));
  }

  /** @param {Group[]} from */
  function draw(from) {
    const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.dataset.key;
    drawChips(from);
    const wanted = { states: all("state"), text: get("text") };
    const found = chosen(from, wanted);
    fill(place, ...(found.length ? found.map(section) : [from.length ? none(wanted) : without()]));
    // Drawn anew each few seconds: whoever goes by keyboard stays where they are.
    if (focused && document.activeElement === document.body) /** @type {HTMLElement | null} */ (root.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
  }

  /** @param {Group[]} from */
  function drawChips(from) {
    const number = counts(from);
    const picked = all("state");
    fill(chips, ...STATES.filter((state) => state !== "failing" || number.failing || picked.includes("failing")).map((state) => {
      const after = picked.includes(state) ? picked.filter((each) => each !== state) : [...picked, state];
      return el("button", { type: "button", class: "chip", "aria-pressed": String(picked.includes(state)), "data-key": state, onclick: () => change({ state: after }) },
        icon(SIGNS[state][0]), SIGNS[state][1], el("span", { class: "count" }, String(number[state])));
    }));
  }

  /** @param {Group} group */
  function section(group) {
    const at = Date.parse(group.lastEvaluation);
    const told = at > 0 ? `every ${milliseconds(group.interval * 1000)}, last at ${stamp(at)}` : `every ${milliseconds(group.interval * 1000)}, not yet evaluated`;
    return el("section", { class: "card", "aria-label": `Group ${group.name}` },
      el("h2", {}, group.name, el("span", { class: "count", title: group.file }, ` ${counted(group.rules.length, "rule")}, ${told}`)),
      ...group.rules.map((rule) => card(keyOf(group, rule), rule)));
  }

  /** What is wrong is open, what is not is closed, until somebody wants it otherwise. @param {string} key @param {Rule} rule */
  function card(key, rule) {
    const turned = all("turned");
    const isTurned = turned.includes(key);
    return ruleCard(key, rule, {
      isOpen: (stateOf(rule) !== "inactive") !== isTurned,
      toggle: () => change({ turned: isTurned ? turned.filter((each) => each !== key) : [...turned, key] }, { replace: true }),
      runbook: get("runbook") === key ? (sections.get(sectionOf(rule.annotations?.runbook_url)) ?? null) : null,
      toggleRunbook: () => change({ runbook: get("runbook") === key ? null : key }, { replace: true }),
    });
  }

  update();
  const timer = setInterval(() => document.hidden || update(), EVERY);
  const close = () => {
    clearInterval(timer);
    stop.abort();
  };
  return { title: "Alerts", update, close, timeless: true };
}

/** @param {Group} group @param {Rule} rule */
const keyOf = (group, rule) => `${group.name}/${rule.name}`;

/** @param {{ states: string[], text: string }} wanted */
function none({ states, text }) {
  if (text || !states.length) return empty("No rule matches.", "Take a word or a state away.");
  return empty(`No rule is ${states.join(" or ")}.`, states.includes("firing") ? "What is watched stands here without the filter." : null);
}

const without = () => empty("No rules are evaluated.", "Start the viewer with a folder of Prometheus rule files: ", el("code", {}, "sightline view --rules FOLDER"), ". Without ", el("code", {}, "--rules"), " it evaluates those that Sightline ships.");
