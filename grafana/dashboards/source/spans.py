"""Searches for traces, and what Tempo's metrics generator makes of spans."""

from source import metrics
from source.selectors import RANGE, WINDOW, series
from source.thresholds import LATENCY_BOUND_SECONDS

OF_SERVICE = 'resource.service.name = "$service"'
OF_ENVIRONMENT = 'resource.deployment.environment.name =~ "$environment"'
SLOW = f"duration > {LATENCY_BOUND_SECONDS * 1000:.0f}ms"
FAILED = "status = error"


def traces(*conditions: str) -> str:
    return f"{{ {' && '.join((OF_SERVICE, OF_ENVIRONMENT, *conditions))} }}"


def calls() -> str:
    """Calls per second over the time range, one row for each pair of services."""
    return f"sort_desc(sum by (client, server) (rate({metrics.GRAPH_REQUESTS}[{RANGE}])) > 0)"


def failed_calls_percentage() -> str:
    failed = f"sum by (client, server) (rate({metrics.GRAPH_FAILED}[{WINDOW}]))"
    requests = f"sum by (client, server) (rate({metrics.GRAPH_REQUESTS}[{WINDOW}]))"
    return f"100 * ({failed} or 0 * {requests}) / ({requests} > 0)"


def call_quantile(quantile: float) -> str:
    buckets = f"rate({metrics.bucket(metrics.GRAPH_DURATION)}[{WINDOW}])"
    return f"histogram_quantile({quantile}, sum by (le, client, server) ({buckets}))"


def operations_per_second() -> str:
    calls_of_service = series(metrics.SPAN_CALLS, 'service="$service"')
    return f"sum by (span_name) (rate({calls_of_service}[{WINDOW}]))"


def operation_quantile(quantile: float) -> str:
    latency = series(metrics.bucket(metrics.SPAN_LATENCY), 'service="$service"')
    return f"histogram_quantile({quantile}, sum by (le, span_name) (rate({latency}[{WINDOW}])))"
