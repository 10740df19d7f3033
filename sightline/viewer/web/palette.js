/** Colours by name, number and theme; in each of them text can be read on every ground of the page. */

const DARK = matchMedia("(prefers-color-scheme: dark)");
const SERIES = {
  light: ["#2563c9", "#ab4f08", "#0b7a58", "#a21caf", "#0e7490", "#bb3e0b", "#6d28d9", "#4a770e", "#be185d", "#475569"],
  dark: ["#6ea8fe", "#f0a84b", "#4fc99a", "#e08bf0", "#4cc9e0", "#fb8c5a", "#b39dfa", "#a8cf45", "#f587b3", "#9fb0c3"],
};
/** @type {{ light: Record<string, string>, dark: Record<string, string> }} */
const NAMED = {
  light: { green: "#147a47", yellow: "#8f5f00", orange: "#b24800", red: "#c62828", blue: "#2563c9", purple: "#6d28d9", text: "#3d4854", gray: "#5b6673" },
  dark: { green: "#4fc98a", yellow: "#e6b93e", orange: "#fb8c5a", red: "#ff7b72", blue: "#6ea8fe", purple: "#b39dfa", text: "#c3cbd5", gray: "#98a4b3" },
};
/** @type {Record<string, string>} */
const LEVELS = { critical: "purple", fatal: "purple", error: "red", warn: "yellow", warning: "yellow", info: "blue", debug: "gray", trace: "gray", unknown: "gray" };

const theme = () => (DARK.matches ? "dark" : "light");

/** @param {() => void} call @returns {() => void} ends it */
export function onTheme(call) {
  DARK.addEventListener("change", call);
  return () => DARK.removeEventListener("change", call);
}

/** @param {number} index */
export const seriesColour = (index) => SERIES[theme()][index % SERIES[theme()].length];

const SHADE = /^(?:super-light|light|semi-dark|dark)-/;

/** Grafana's names (`semi-dark-red`) lose their shade. @param {string} name */
export function namedColour(name) {
  const bare = name.replace(SHADE, "");
  return NAMED[theme()][bare] ?? (name === "transparent" ? NAMED[theme()].gray : hex(name));
}

const probe = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d"));

/** `rgba(50, 172, 45, 0.97)` as `#32ac2d`; what is no colour at all is gray. @param {string} name */
function hex(name) {
  probe.fillStyle = NAMED[theme()].gray;
  probe.fillStyle = name;
  const [, ...parts] = /^rgba?\((\d+), (\d+), (\d+)/.exec(probe.fillStyle) ?? [];
  return parts.length ? `#${parts.map((each) => Number(each).toString(16).padStart(2, "0")).join("")}` : String(probe.fillStyle);
}

/** For an element, which changes with the theme by itself. @param {string} name as `namedColour` takes it */
export function tone(name) {
  const bare = name.replace(SHADE, "");
  return NAMED.light[bare] ? `var(--tone-${bare})` : namedColour(name);
}

/** For a canvas, which is drawn anew when the theme changes. @param {string} level */
export const levelColour = (level) => namedColour(LEVELS[level] ?? "gray");

/** For an element, which changes with the theme by itself. @param {string} level */
export const levelTone = (level) => `var(--tone-${LEVELS[level] ?? "gray"})`;

/** The colour of a service is the same in every view. @param {string} service */
export function serviceColour(service) {
  let hash = 2166136261;
  for (const char of service) hash = Math.imul(hash ^ char.charCodeAt(0), 16777619) >>> 0;
  return `var(--series-${(hash >>> 8) % SERIES.light.length})`;
}

/** What elements are coloured by. */
function paint() {
  const { style } = document.documentElement;
  SERIES[theme()].forEach((colour, index) => style.setProperty(`--series-${index}`, colour));
  for (const [name, colour] of Object.entries(NAMED[theme()])) style.setProperty(`--tone-${name}`, colour);
}

paint();
DARK.addEventListener("change", paint);

/** @param {string} name of a custom property of the style sheet */
export const styled = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
