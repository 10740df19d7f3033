/** Panel: a text in the little of Markdown that our dashboards and our runbook use. */

import { el, fill } from "../dom.js";

/** @param {HTMLElement} place @param {any} panel */
export function draw(place, panel) {
  fill(place, el("div", { class: "prose" }, ...prose(panel.options?.content ?? "")));
}

/** @param {string} content @returns {HTMLElement[]} */
export function prose(content) {
  return content.split(/\n\s*\n/).map((block) => {
    const lines = block.trim().split("\n");
    if (lines.every((line) => /^[-*] /.test(line))) return el("ul", {}, ...lines.map((line) => el("li", {}, ...inline(line.slice(2)))));
    const heading = /^#+ (.*)/.exec(block);
    return heading ? el("h3", {}, ...inline(heading[1])) : el("p", {}, ...inline(block));
  });
}

/** @param {string} text @returns {(Node | string)[]} */
function inline(text) {
  // What another document says is named, not led to: the page has only what it serves.
  return text.replace(/\[([^\]]+)\]\([^)]+\)/g, "$1").split(/(\*\*[^*]+\*\*|\*[^*\s][^*]*\*|`[^`]+`)/).map((part) => {
    if (part.startsWith("**") && part.length > 4) return el("strong", {}, part.slice(2, -2));
    if (part.startsWith("*") && part.length > 2) return el("em", {}, part.slice(1, -1));
    return part.startsWith("`") && part.length > 2 ? el("code", {}, part.slice(1, -1)) : part;
  });
}
