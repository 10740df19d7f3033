/** The dashboards that there are, the links of the one that is shown, and the files that are none. */

import { link } from "./address.js";
import { el, icon } from "./dom.js";
import { counted } from "./format.js";
import { safeUrl, writtenLink } from "./links.js";

/** @typedef {{ uid: string, title: string, description: string, file: string }} Summary `file` is that of a dashboard of one's own */
/** @typedef {{ dashboards: Summary[], left_out: { file: string, reason: string }[] }} Listed */

/** So many are told at once; more would push away what one came for. */
const FEW = 3;

/** What opens first: one's own, or what a newcomer looks for. @param {Listed} listed */
export const firstOf = ({ dashboards }) => (dashboards.find(({ file }) => file) ?? dashboards.find(({ uid }) => uid === "service") ?? dashboards[0])?.uid ?? "none";

/** @param {Listed} listed @param {string} shown its uid @param {import("./address.js").Params} kept */
export function tabs({ dashboards }, shown, kept) {
  return el("nav", { class: "tabs", "aria-label": "Dashboards" }, ...dashboards.map(({ uid, title, description, file }) =>
    el("a", { href: link(`/d/${uid}`, kept), title: [file, description].filter(Boolean).join(": "), "aria-current": uid === shown ? "page" : null, "data-key": `/d/${uid}` }, title)));
}

/** A link to a dashboard that is listed is there already: its tab. @param {any} dashboard @param {Listed} listed */
export function linksOf({ links = [] }, { dashboards }) {
  const others = links.filter((/** @type {any} */ { url, title }) => url && title && !dashboards.some(({ uid }) => isOf(uid, safeUrl(url))));
  return others.length ? el("nav", { class: "board-links", "aria-label": "Links of this dashboard" }, ...others.map(writtenLink)) : null;
}

/** @param {string} uid @param {URL | null} url */
const isOf = (uid, url) => url?.origin === location.origin && `${url.pathname}/`.startsWith(`/d/${uid}/`);

/** @param {Listed} listed */
export function leftOut({ left_out: files }) {
  if (!files.length) return null;
  return el("details", { class: "left-out", open: files.length <= FEW },
    el("summary", {}, el("span", { class: "warned" }, icon("warn"), `${counted(files.length, "file")} of your dashboards left out`)),
    el("ul", {}, ...files.map(({ file, reason }) => el("li", {}, el("code", {}, file), ` ${reason}.`))));
}
