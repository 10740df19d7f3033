"""The SLO dashboard: what is left of the error budgets and how fast they go."""

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.builders import stat, text, timeseries
from grafana_foundation_sdk.models.text import TextMode

from source import slo_queries as slo
from source import thresholds
from source.board import board
from source.panels import FULL, HALF, QUARTER, bars, chart, figure, with_threshold_line
from source.slo_queries import AVAILABILITY, LATENCY
from source.targets import now, over_time

WINDOWS = ("5m", "1h", "6h", "3d")
OBJECTIVES = {
    AVAILABILITY: f"{thresholds.AVAILABILITY_OBJECTIVE:.1%} of requests without a server error",
    LATENCY: f"{thresholds.LATENCY_OBJECTIVE:.0%} of requests "
    f"within {thresholds.LATENCY_BOUND_SECONDS} s",
}


def dashboard() -> builder.Dashboard:
    page = board(
        "slo",
        "Does the service keep its promises? Error budgets over thirty days and their burn rates, "
        "from the recording rules.",
    )
    page.with_panel(_promise())
    for objective in (AVAILABILITY, LATENCY):
        _section(page, objective)
    page.with_row(builder.Row("All services"))
    page.with_panel(
        bars(
            "Error budget left by service",
            "Which service is nearest to breaking a promise? Lowest first.",
            "percent",
            now(slo.every_service(), "{{service_name}} {{slo}}"),
            FULL,
        ).thresholds(thresholds.falling(0, 25))
    )
    return page


def _promise() -> text.Panel:
    promises = "\n".join(f"- **{name}**: {promise}" for name, promise in OBJECTIVES.items())
    return (
        text.Panel()
        .title("The promises, over thirty days")
        .description("Which objectives are the budgets below measured against?")
        .mode(TextMode.MARKDOWN)
        .content(
            f"{promises}\n\nA burn rate of 1 spends the error budget in exactly thirty days; "
            f"{thresholds.PAGE_BURN_RATE} spends 2 % of it in an hour and alerts."
        )
        .height(5)
        .span(FULL)
    )


def _section(page: builder.Dashboard, objective: str) -> None:
    page.with_row(builder.Row(f"{objective.capitalize()}: {OBJECTIVES[objective]}"))
    page.with_panel(_budget(objective))
    page.with_panel(_burning(objective))
    page.with_panel(_success(objective))
    page.with_panel(_burn_rates(objective))


def _budget(objective: str) -> stat.Panel:
    return figure(
        f"{objective.capitalize()} budget left",
        "How much of thirty days' error budget is left? Below 0 the promise is broken.",
        "percent",
        over_time(slo.budget_remaining(objective), "left"),
        QUARTER,
    ).thresholds(thresholds.falling(0, 25))


def _burning(objective: str) -> stat.Panel:
    return figure(
        f"{objective.capitalize()} burn rate, last hour",
        "How fast did the last hour spend the budget? 1 lasts exactly thirty days.",
        "suffix:x",
        over_time(slo.burn_rate(objective, "1h"), "burn rate"),
        QUARTER,
    ).thresholds(thresholds.burn_rate())


def _success(objective: str) -> timeseries.Panel:
    return chart(
        f"{objective.capitalize()} against its objective",
        f"Which share of requests keeps the promise ({OBJECTIVES[objective]})?",
        "percent",
        over_time(slo.success_percentage(objective), "good requests"),
        over_time(slo.objective(objective), "objective", "B"),
        width=HALF,
    ).max(100)


def _burn_rates(objective: str) -> timeseries.Panel:
    return with_threshold_line(
        chart(
            f"{objective.capitalize()} burn rates by window",
            "Is the budget burning, and since when? An alert needs a long and a short window.",
            "suffix:x",
            *(over_time(slo.burn_rate(objective, w), w, f"w{w}") for w in WINDOWS),
            width=FULL,
        ).thresholds(thresholds.burn_rate())
    )
