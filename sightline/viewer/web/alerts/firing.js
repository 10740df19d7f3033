/** How many alerts fire, beside the view's name in the navigation of every view. */

import { announce, el, fill } from "../dom.js";
import { counted } from "../format.js";
import { askAlerts } from "./rules.js";

const EVERY = 15_000;

/** One element, so that counting never redraws what the keyboard stands on. */
export const firingCount = el("span", { class: "firing-count", hidden: true });
let shown = 0;

/** @param {number} count */
export function tellFiring(count) {
  if (count === shown) return;
  if (count > shown) announce(`${counted(count, "alert")} firing`);
  shown = count;
  firingCount.hidden = count === 0;
  fill(firingCount, String(count), el("span", { class: "unseen" }, " firing"));
}

async function look() {
  if (document.hidden) return;
  // A viewer that does not answer is told by the view itself.
  const alerts = await askAlerts().catch(() => null);
  if (alerts) tellFiring(alerts.filter(({ state }) => state === "firing").length);
}

export function watchFiring() {
  look();
  setInterval(look, EVERY);
  document.addEventListener("visibilitychange", look);
}
