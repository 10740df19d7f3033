"""Every metric name that a dashboard, a rule or a link of Sightline reads, written once."""

# What `sightline.telemetry` exposes on /metrics.
HTTP_REQUESTS = "http_requests_total"
HTTP_DURATION = "http_request_duration_seconds"

# What OpenTelemetry's own instrumentation pushes over OTLP (stable HTTP conventions).
OTEL_HTTP_DURATION = "http_server_request_duration_seconds"

# What the orders service counts of its business.
ORDERS_CREATED = "orders_created_total"
ORDER_VALUE = "order_value"
ACTIVE_CHECKOUTS = "active_checkouts"
PAYMENT_DURATION = "payment_duration_seconds"

# What prometheus/rules records.
SLO_BURN_RATE = "service:slo_burn_rate:ratio_rate{window}"
SLO_BUDGET_REMAINING = "service:slo_error_budget_remaining:ratio30d"
SLO_OBJECTIVE = "slo:objective:ratio"
SLO_REQUESTS = "service:slo_requests:rate5m"
SLO_FAILURES = "service:slo_failures:rate5m"
PAYMENT_FAILURES = "service:payment_failures:ratio_rate5m"

# What Tempo's metrics generator derives from spans.
SPAN_CALLS = "traces_spanmetrics_calls_total"
SPAN_LATENCY = "traces_spanmetrics_latency"
GRAPH_REQUESTS = "traces_service_graph_request_total"
GRAPH_FAILED = "traces_service_graph_request_failed_total"
GRAPH_DURATION = "traces_service_graph_request_server_seconds"

# What `sightline.telemetry` says of its own exports.
SDK_EXPORTED = "sightline_telemetry_exported_total"
SDK_DROPPED = "sightline_telemetry_dropped_total"
SDK_FAILURES = "sightline_telemetry_export_failures_total"
SDK_QUEUE_SIZE = "sightline_telemetry_queue_size"
SDK_QUEUE_CAPACITY = "sightline_telemetry_queue_capacity"

# What the Collector says of itself; {items} are spans, log_records or metric_points.
COLLECTOR_ACCEPTED = "otelcol_receiver_accepted_{items}_total"
COLLECTOR_REFUSED = "otelcol_receiver_refused_{items}_total"
COLLECTOR_SENT = "otelcol_exporter_sent_{items}_total"
COLLECTOR_FAILED = "otelcol_exporter_send_failed_{items}_total"
COLLECTOR_ENQUEUE_FAILED = "otelcol_exporter_enqueue_failed_{items}_total"
COLLECTOR_QUEUE_SIZE = "otelcol_exporter_queue_size"
COLLECTOR_QUEUE_CAPACITY = "otelcol_exporter_queue_capacity"
COLLECTOR_MEMORY = "otelcol_process_memory_rss_bytes"

# What the stores say of themselves.
UP = "up"
SCRAPE_DURATION = "scrape_duration_seconds"
SCRAPE_SAMPLES = "scrape_samples_scraped"
PROMETHEUS_SERIES = "prometheus_tsdb_head_series"
PROMETHEUS_APPENDED = "prometheus_tsdb_head_samples_appended_total"
PROMETHEUS_EXEMPLARS = "prometheus_tsdb_exemplar_exemplars_appended_total"
PROMETHEUS_RULE_FAILURES = "prometheus_rule_evaluation_failures_total"
LOKI_RECEIVED = "loki_distributor_lines_received_total"
LOKI_DISCARDED = "loki_discarded_samples_total"
LOKI_STREAMS = "loki_ingester_memory_streams"
TEMPO_RECEIVED = "tempo_distributor_spans_received_total"
TEMPO_DISCARDED = "tempo_discarded_spans_total"
TEMPO_GENERATED = "tempo_metrics_generator_spans_received_total"

# What Prometheus itself writes for every alert of its rules.
ALERTS = "ALERTS"


def bucket(histogram: str) -> str:
    return f"{histogram}_bucket"


def count(histogram: str) -> str:
    return f"{histogram}_count"


def total(histogram: str) -> str:
    return f"{histogram}_sum"
