/** The time range and refresh controls. */

import { change } from "./address.js";
import { el, icon, iconButton } from "./dom.js";
import { menu } from "./menu.js";
import { inputTime, QUICK, range, rangeLabel, REFRESH, refreshText, spelled } from "./time.js";

/** @param {() => void} refresh */
export function timePicker(refresh) {
  const now = range();
  return el("div", { class: "timepicker" },
    iconButton("minus", "Zoom out to twice the time", zoomOut),
    menu({ title: "Time range" }, [icon("clock"), el("span", {}, rangeLabel(now)), icon("down")],
      el("div", { class: "menu-body time-menu" }, quickRanges(now), exactRange(now))),
    el("span", { class: "joined" },
      iconButton("refresh", "Refresh now", refresh),
      refreshSelect()));
}

/** @param {import("./time.js").Range} now */
function quickRanges(now) {
  return el("div", { class: "quick", role: "group", "aria-label": "Quick ranges" }, ...QUICK.map((text) =>
    el("button", {
      type: "button",
      "aria-pressed": String(now.to === "now" && now.from === `now-${text}`),
      onclick: () => change({ from: `now-${text}`, to: "now" }),
    }, `Last ${spelled(text)}`)));
}

/** @param {import("./time.js").Range} now */
function exactRange(now) {
  const from = el("input", { type: "datetime-local", step: "1", value: inputTime(now.start), required: true });
  const to = el("input", { type: "datetime-local", step: "1", value: inputTime(now.end), required: true });
  const apply = (/** @type {Event} */ event) => {
    event.preventDefault();
    to.setCustomValidity(from.value < to.value ? "" : "The end must be after the start.");
    if (event.target instanceof HTMLFormElement && event.target.reportValidity())
      change({ from: String(Date.parse(from.value)), to: String(Date.parse(to.value)) });
  };
  return el("form", { class: "exact", onsubmit: apply, novalidate: true },
    el("label", {}, "From", from), el("label", {}, "To", to),
    el("button", { type: "submit", class: "primary" }, "Apply"));
}

function refreshSelect() {
  const current = refreshText();
  const choices = [...new Set(["off", ...REFRESH, current])];
  const chosen = (/** @type {Event} */ event) => change({ refresh: /** @type {HTMLSelectElement} */ (event.target).value });
  return el("select", { "aria-label": "Refresh every", title: "Refresh every", onchange: chosen },
    ...choices.map((text) => el("option", { value: text, selected: text === current }, text)));
}

function zoomOut() {
  const { start, end } = range();
  const half = (end - start) / 2;
  change({ from: String(Math.round(start - half)), to: String(Math.round(Math.min(end + half, Date.now()))) });
}
