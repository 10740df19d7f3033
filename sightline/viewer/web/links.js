/** Links that others wrote: their address is one of the web, or it is none. */

import { el } from "./dom.js";

/** @typedef {{ title?: string, url?: string, tooltip?: string }} Written */

/** @param {string} address @returns {URL | null} relative ones lead within the page, as they did within Grafana */
export function safeUrl(address) {
  if (!URL.canParse(address, location.origin)) return null;
  const url = new URL(address, location.origin);
  return url.protocol === "http:" || url.protocol === "https:" ? url : null;
}

/** @param {Written} written @returns {HTMLElement | null} */
export function writtenLink({ title, url = "", tooltip }) {
  const to = safeUrl(url);
  const shown = title || url;
  if (!to) return el("span", { title: "This is no address of the web." }, shown);
  const away = to.origin === location.origin ? {} : { target: "_blank", rel: "noopener noreferrer" };
  return el("a", { href: to.href, title: tooltip, ...away }, shown);
}
