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

# What Prometheus itself writes for every alert of its rules.
ALERTS = "ALERTS"


def bucket(histogram: str) -> str:
    return f"{histogram}_bucket"


def count(histogram: str) -> str:
    return f"{histogram}_count"


def total(histogram: str) -> str:
    return f"{histogram}_sum"
