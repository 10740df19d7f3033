/** Values with their units, in the words that Grafana's unit ids stand for. */

/** @typedef {(value: number, decimals?: number | null) => string} Formatter */

const SI = ["", "K", "M", "G", "T", "P"];
const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"];
const DECIMAL = ["B", "kB", "MB", "GB", "TB"];
const TIMES = /** @type {[number, string][]} */ ([[86400, "d"], [3600, "h"], [60, "min"], [1, "s"], [1e-3, "ms"], [1e-6, "µs"], [1e-9, "ns"]]);
/** @type {Record<string, string>} */
const RATES = { reqps: "req/s", ops: "ops/s", cps: "c/s", rps: "reads/s", wps: "writes/s", opm: "ops/min", rpm: "reads/min", iops: "io/s", eps: "events/s", mps: "msg/s" };
/** @type {Record<string, string>} */
const CURRENCIES = { EUR: "€", USD: "$", GBP: "£", JPY: "¥", CHF: "CHF " };

/** @param {number} value @param {number | null} [decimals] three significant digits unless told */
export function number(value, decimals) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "NaN" : value > 0 ? "∞" : "-∞";
  if (decimals !== null && decimals !== undefined) return value.toFixed(decimals);
  if (value === 0) return "0";
  const size = Math.floor(Math.log10(Math.abs(value)));
  return String(Number(value.toFixed(Math.min(Math.max(2 - size, 0), 12))));
}

/** @param {number} base @param {string[]} names @param {string} space @param {string} [end] @returns {Formatter} */
const scaled = (base, names, space, end = "") => (value, decimals) => {
  const size = Math.floor(Math.log(Math.abs(value)) / Math.log(base) + 1e-9);
  const power = Number.isFinite(size) ? Math.min(Math.max(size, 0), names.length - 1) : 0;
  return `${number(value / base ** power, decimals)}${names[power] ? space + names[power] : ""}${end}`;
};

/** @param {number} factor to seconds @returns {Formatter} */
const seconds = (factor) => (value, decimals) => {
  const size = Math.abs(value * factor);
  if (size === 0) return "0 s";
  const [unit, name] = TIMES.find(([least]) => size >= least * 0.9999) ?? TIMES[TIMES.length - 1];
  return `${number((value * factor) / unit, decimals)} ${name}`;
};

const short = scaled(1000, SI, " ");

/** @type {Record<string, Formatter>} */
const UNITS = {
  none: (value, decimals) => number(value, decimals),
  short,
  percent: (value, decimals) => `${number(value, decimals)} %`,
  percentunit: (value, decimals) => `${number(value * 100, decimals)} %`,
  d: seconds(86400),
  h: seconds(3600),
  m: seconds(60),
  s: seconds(1),
  dtdurations: seconds(1),
  ms: seconds(1e-3),
  µs: seconds(1e-6),
  ns: seconds(1e-9),
  bytes: scaled(1024, BINARY, " "),
  decbytes: scaled(1000, DECIMAL, " "),
  binBps: scaled(1024, BINARY, " ", "/s"),
  Bps: scaled(1000, DECIMAL, " ", "/s"),
  dateTimeAsIso: (value) => new Date(value).toISOString(),
};

/** @param {string | undefined} unit a Grafana unit id @returns {Formatter} */
export function formatter(unit) {
  if (!unit) return short;
  if (UNITS[unit]) return UNITS[unit];
  if (RATES[unit]) return (value, decimals) => `${short(value, decimals)} ${RATES[unit]}`;
  if (unit.startsWith("currency")) return (value, decimals) => (CURRENCIES[unit.slice(8)] ?? `${unit.slice(8)} `) + short(value, decimals);
  if (unit.startsWith("prefix:")) return (value, decimals) => unit.slice(7) + short(value, decimals);
  const end = unit.startsWith("suffix:") ? unit.slice(7) : ` ${unit}`;
  return (value, decimals) => short(value, decimals) + end;
}

/** @param {number} ms */
export const milliseconds = (ms) => seconds(1e-3)(ms);

/** @param {number} count @param {string} noun */
export const counted = (count, noun) => `${count.toLocaleString("en")} ${noun}${count === 1 ? "" : "s"}`;
