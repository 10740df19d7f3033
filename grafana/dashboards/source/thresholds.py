"""The figures at which a panel changes colour; the same that the SLOs and alerts use."""

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.models.dashboard import Threshold, ThresholdsMode

# The objectives (prometheus/rules/slo.yml holds them too; a test keeps both equal).
AVAILABILITY_OBJECTIVE = 0.995
LATENCY_OBJECTIVE = 0.99
LATENCY_BOUND_SECONDS = 0.5

# The share of payments without an order that alerts (prometheus/rules/business.yml).
PAYMENT_FAILURES_BOUND = 0.3

# The burn rates of the two kinds of alert: one hour at 14.4 spends 2 % of thirty days' budget.
PAGE_BURN_RATE = 14.4
TICKET_BURN_RATE = 1

GREEN, YELLOW, RED = "green", "yellow", "red"


def rising(warning: float, critical: float) -> builder.ThresholdsConfig:
    """Good is low."""
    return _steps((None, GREEN), (warning, YELLOW), (critical, RED))


def falling(critical: float, warning: float) -> builder.ThresholdsConfig:
    """Good is high."""
    return _steps((None, RED), (critical, YELLOW), (warning, GREEN))


def none_at_all() -> builder.ThresholdsConfig:
    return _steps((None, GREEN))


def _steps(*steps: tuple[float | None, str]) -> builder.ThresholdsConfig:
    return (
        builder.ThresholdsConfig()
        .mode(ThresholdsMode.ABSOLUTE)
        .steps([Threshold(value=value, color=color) for value, color in steps])
    )


def error_percentage() -> builder.ThresholdsConfig:
    budget = 100 * (1 - AVAILABILITY_OBJECTIVE)
    return rising(round(budget, 6), round(budget * PAGE_BURN_RATE, 6))


def duration() -> builder.ThresholdsConfig:
    return rising(LATENCY_BOUND_SECONDS, 2 * LATENCY_BOUND_SECONDS)


def burn_rate() -> builder.ThresholdsConfig:
    return rising(TICKET_BURN_RATE, PAGE_BURN_RATE)


def share_of_capacity() -> builder.ThresholdsConfig:
    return rising(50, 80)


def any_is_bad() -> builder.ThresholdsConfig:
    return _steps((None, GREEN), (1e-9, RED))


def down_is_bad() -> builder.ThresholdsConfig:
    return _steps((None, RED), (1, GREEN))


def payment_failures() -> builder.ThresholdsConfig:
    return rising(10, 100 * PAYMENT_FAILURES_BOUND)
