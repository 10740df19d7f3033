/** The words of the three languages that this viewer understands; a test holds them to it. */

export const PROMQL_AGGREGATIONS = ["sum", "avg", "min", "max", "count", "topk", "bottomk", "quantile", "count_values", "group", "stddev", "stdvar"];
export const PROMQL_FUNCTIONS = [
  "rate", "increase", "irate", "histogram_quantile", "avg_over_time", "max_over_time", "min_over_time", "sum_over_time", "count_over_time", "last_over_time",
  "quantile_over_time", "stddev_over_time", "stdvar_over_time", "present_over_time", "absent_over_time", "absent", "delta", "idelta", "deriv", "predict_linear",
  "changes", "resets", "clamp", "clamp_min", "clamp_max", "round", "abs", "ceil", "floor", "sqrt", "exp", "ln", "log2", "log10", "sgn", "label_replace", "label_join",
  "sort", "sort_desc", "time", "timestamp", "vector", "scalar", "hour", "minute", "day_of_week", "day_of_month", "month", "year",
];
/** After these, in parentheses, stand names of labels. */
export const LABEL_LISTS = ["by", "without", "on", "ignoring", "group_left", "group_right"];
export const PROMQL_JOINS = ["by", "without", "on", "ignoring", "group_left", "group_right", "offset", "and", "or", "unless", "bool"];
export const LOGQL_RANGES = ["count_over_time", "rate", "bytes_over_time", "bytes_rate"];
export const LOGQL_AGGREGATIONS = ["sum", "avg", "min", "max", "count", "topk", "bottomk"];
export const DURATIONS = ["30s", "1m", "5m", "15m", "1h", "6h", "1d"];
export const TRACEQL_INTRINSICS = ["name", "status", "duration", "kind", "rootName", "rootServiceName", "traceDuration", "statusMessage"];
/** @type {Record<string, string[]>} */
export const TRACEQL_KEYWORDS = { status: ["error", "ok", "unset"], kind: ["server", "client", "internal", "producer", "consumer", "unspecified"] };
