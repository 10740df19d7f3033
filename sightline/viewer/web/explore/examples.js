/** What one may ask, for a query that is not yet written. */

import { link } from "../address.js";
import { el } from "../dom.js";

/** @type {Record<string, [string, string][]>} */
const EXAMPLES = {
  promql: [
    ["up", "What is scraped, and whether it answers"],
    ["sum by (service_name, handler) (rate(http_requests_total[$__rate_interval]))", "Requests per second of each handler"],
    ["histogram_quantile(0.95, sum by (le, handler) (rate(http_request_duration_seconds_bucket[$__rate_interval])))", "Time within which 95 % of requests are answered"],
    ["topk(10, count by (__name__) ({__name__=~\".+\"}))", "The metrics with most series"],
  ],
  logql: [
    ['{service_name=~".+"} | detected_level=~"error|critical"', "What went wrong"],
    ['{service_name=~".+"} |= "timeout"', "Lines that hold a word"],
    ['sum by (service_name) (count_over_time({service_name=~".+"}[1m]))', "Lines per minute of each service"],
    ['topk(5, sum by (http_route) (rate({service_name=~".+"} | detected_level="error" [5m])))', "Routes with most errors"],
  ],
  traceql: [
    ["{ status = error }", "Traces in which something failed"],
    ["{ kind = server && duration > 500ms }", "Requests that took longer than half a second"],
    ["{ kind = server } >> { status = error }", "Requests with a failure beneath them"],
    ["{ kind = client } | count() > 10", "Traces with many calls to elsewhere"],
  ],
};

/** @param {string} lang */
export const examples = (lang) => el("div", { class: "examples" },
  el("h2", {}, "Begin with one of these"),
  el("ul", {}, ...EXAMPLES[lang].map(([query, tells]) => el("li", {}, el("a", { href: link("/explore", { lang, query }) }, el("code", {}, query)), el("span", {}, tells)))),
  el("p", {}, "Names, labels and values are offered while you write. ", el("kbd", {}, "↓"), " chooses, ", el("kbd", {}, "Enter"), " takes it, or runs the query when nothing is chosen. The answer's address can be shared."));
