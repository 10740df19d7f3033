"""Error budgets and burn rates, from what prometheus/rules/slo.yml records."""

from source import metrics
from source.selectors import SELECTED, WINDOW, series

AVAILABILITY, LATENCY = "availability", "latency"


def budget_remaining(slo: str) -> str:
    return f"100 * min({series(metrics.SLO_BUDGET_REMAINING, SELECTED, _of(slo))})"


def burn_rate(slo: str, window: str) -> str:
    return f"max({series(metrics.SLO_BURN_RATE.format(window=window), SELECTED, _of(slo))})"


def success_percentage(slo: str) -> str:
    """Good requests of the picture's own window, to hold against the objective."""
    failures = f"sum(avg_over_time({series(metrics.SLO_FAILURES, SELECTED, _of(slo))}[{WINDOW}]))"
    requests = f"sum(avg_over_time({series(metrics.SLO_REQUESTS, SELECTED, _of(slo))}[{WINDOW}]))"
    return f"100 * (1 - {failures} / ({requests} > 0))"


def objective(slo: str) -> str:
    return f"100 * max({series(metrics.SLO_OBJECTIVE, _of(slo))})"


def every_service() -> str:
    environment = SELECTED.partition(", ")[2]
    remaining = series(metrics.SLO_BUDGET_REMAINING, environment)
    return f"sort(100 * min by (service_name, slo) ({remaining}))"


def _of(slo: str) -> str:
    return f'slo="{slo}"'
