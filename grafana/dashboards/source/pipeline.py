"""Every hop of the telemetry itself: services, Collector, Prometheus, Loki, Tempo."""

from source import metrics
from source.selectors import SELECTED, WINDOW, rate, series

# The three signals by the Collector's names for their items.
SIGNALS = {"spans": "spans", "log records": "log_records", "metric points": "metric_points"}


def up() -> str:
    return f"min by (job) ({metrics.UP})"


def by_signal(metric: str) -> str:
    return f"sum by (signal) ({rate(metric, SELECTED)})"


def sdk_queue_percentage() -> str:
    size = f"max by (signal) ({series(metrics.SDK_QUEUE_SIZE, SELECTED)})"
    capacity = f"max by (signal) ({series(metrics.SDK_QUEUE_CAPACITY, SELECTED)})"
    return f"100 * {size} / ({capacity} > 0)"


def collector(metric: str, items: str) -> str:
    return f"sum(rate({metric.format(items=items)}[{WINDOW}]))"


def collector_loss(items: str) -> str:
    """Given up after a store's refusal, or turned away because the queue was full."""
    failed = collector(metrics.COLLECTOR_FAILED, items)
    full = collector(metrics.COLLECTOR_ENQUEUE_FAILED, items)
    nothing = f"0 * {collector(metrics.COLLECTOR_ACCEPTED, items)}"
    return f"({failed} or {nothing}) + ({full} or {nothing})"


def queue_percentage() -> str:
    size = f"max by (exporter) ({metrics.COLLECTOR_QUEUE_SIZE})"
    return f"100 * {size} / (max by (exporter) ({metrics.COLLECTOR_QUEUE_CAPACITY}) > 0)"


def total(metric: str) -> str:
    return f"sum({metric})"


def of_all(metric: str) -> str:
    return f"sum(rate({metric}[{WINDOW}]))"


def by(label: str, metric: str) -> str:
    return f"sum by ({label}) (rate({metric}[{WINDOW}]))"


def each_job(metric: str) -> str:
    return f"max by (job) ({metric})"
