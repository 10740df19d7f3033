/** Which lines of a chart are hidden: in the address stand those left out, or the fewer that alone are shown. */

import { all, change } from "./address.js";

/** @param {string} key of the chart */
export function hiddenLines(key) {
  const left = `hide${key}`;
  const alone = `only${key}`;

  /** @param {string} name */
  function has(name) {
    const shown = all(alone);
    return shown.length ? !shown.includes(name) : all(left).includes(name);
  }

  /** @param {string[]} names of all lines @param {Set<string>} hidden of them */
  function keep(names, hidden) {
    const shown = names.filter((name) => !hidden.has(name));
    const isShort = shown.length > 0 && shown.length < hidden.size;
    change({ [left]: isShort ? [] : [...hidden], [alone]: isShort ? shown : [] }, { replace: true, quiet: true });
  }

  /** A click shows one alone, or all again; with control it hides or shows it. @param {string[]} names @param {string} picked @param {boolean} single */
  function pick(names, picked, single) {
    const hidden = new Set(names.filter(has));
    const others = names.filter((name) => name !== picked);
    const isAlone = others.length > 0 && others.every((name) => hidden.has(name)) && !hidden.has(picked);
    if (single) keep(names, new Set(isAlone ? [] : others));
    else if (hidden.delete(picked)) keep(names, hidden);
    else keep(names, hidden.add(picked));
  }

  return { has, pick };
}
