/** A text field that offers what may follow: arrows choose, Enter or Tab takes, Escape closes. */

import { announce, el, fill } from "./dom.js";

/** @typedef {import("./complete/options.js").Offer} Offer */

let made = 0;

/**
 * @param {object} how
 * @param {import("./complete/options.js").Source} how.source
 * @param {(text: string) => void} how.onenter where nothing is chosen
 * @param {(text: string) => void} [how.onwhole] where what is taken is all there is to write
 * @param {Record<string, any>} how.props of the field
 * @returns {{ element: HTMLElement, input: HTMLInputElement }}
 */
export function combobox({ source, onenter, onwhole, props }) {
  const id = `options-${++made}`;
  /** @type {HTMLInputElement} */
  const input = el("input", {
    type: "text", autocomplete: "off", autocapitalize: "off", spellcheck: "false", ...props,
    role: "combobox", "aria-autocomplete": "list", "aria-expanded": "false", "aria-controls": id,
    oninput: () => ask(), onclick: () => ask(), onkeydown: key, onblur: close,
  });
  const list = el("ul", { id, role: "listbox", class: "options", "aria-label": "Suggestions", hidden: true });
  /** @type {Offer | null} */
  let offered = null;
  let chosen = -1;
  let turn = 0;

  async function ask() {
    const mine = ++turn;
    const found = await source(input.value, input.selectionStart ?? input.value.length);
    // An answer that comes late speaks of another text.
    if (mine !== turn || document.activeElement !== input) return;
    show(found);
  }

  /** @param {Offer | null} found */
  function show(found) {
    const written = found ? input.value.slice(found.from, found.to) : "";
    const useful = found?.options.filter(({ label, insert }) => (insert ?? label) !== written) ?? [];
    if (!found || !useful.length) return void close();
    offered = { ...found, options: useful };
    chosen = -1;
    fill(list, ...useful.map(({ label, detail }, index) => el("li", { id: `${id}-${index}`, role: "option", "aria-selected": "false", onmousedown: (/** @type {Event} */ event) => pick(event, index) },
      el("span", { class: "option-label" }, label), detail ? el("span", { class: "option-detail" }, detail) : null)));
    list.scrollTop = 0;
    list.hidden = false;
    input.setAttribute("aria-expanded", "true");
    input.removeAttribute("aria-activedescendant");
    announce(`${useful.length} suggestions`);
  }

  function close() {
    turn++;
    offered = null;
    chosen = -1;
    list.hidden = true;
    input.setAttribute("aria-expanded", "false");
    input.removeAttribute("aria-activedescendant");
  }

  /** @param {number} index */
  function choose(index) {
    const all = /** @type {Element[]} */ (Array.from(list.children));
    chosen = (index + all.length) % all.length;
    all.forEach((each, place) => each.setAttribute("aria-selected", String(place === chosen)));
    all[chosen].scrollIntoView({ block: "nearest" });
    input.setAttribute("aria-activedescendant", `${id}-${chosen}`);
  }

  /** @param {Event} event @param {number} index */
  function pick(event, index) {
    event.preventDefault();
    take(index);
  }

  /** @param {number} index */
  function take(index) {
    if (!offered) return;
    const { from, to, options } = offered;
    const { label, insert = label, more } = options[index];
    input.setRangeText(insert, from, to, "end");
    close();
    if (more) ask();
    else onwhole?.(input.value);
  }

  /** @param {KeyboardEvent} event */
  function key(event) {
    const isOpen = !list.hidden;
    if (event.key === "Enter") {
      event.preventDefault();
      if (isOpen && chosen >= 0) return take(chosen);
      close();
      return onenter(input.value);
    }
    if (event.key === "Escape" && isOpen) {
      event.preventDefault();
      return close();
    }
    if (event.key === "Tab" && isOpen && chosen >= 0 && !event.shiftKey) {
      event.preventDefault();
      return take(chosen);
    }
    if ((event.key === "ArrowDown" || (event.key === " " && event.ctrlKey)) && !isOpen) {
      event.preventDefault();
      return void ask();
    }
    const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
    if (!step || !isOpen) return undefined;
    event.preventDefault();
    return choose(chosen < 0 && step < 0 ? -1 : chosen + step);
  }

  return { element: el("span", { class: "combobox" }, input, list), input };
}
