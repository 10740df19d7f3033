"""The Service dashboard: how one service does, from its request rate down to its log lines."""

from grafana_foundation_sdk.builders import dashboard as builder
from grafana_foundation_sdk.builders import prometheus, timeseries

from source import orders, red, thresholds
from source.board import board
from source.panels import (
    QUARTER,
    chart,
    figure,
    log_lines,
    stacked,
    with_threshold_line,
)
from source.selectors import SELECTED
from source.targets import log_lines as log_query
from source.targets import over_time

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
EXEMPLARS = "Points mark single requests: click one to open its trace."
A_MINUTE = "suffix:/min"
EACH_KIND = "{{payment_method}} {{currency}}"


def dashboard() -> builder.Dashboard:
    service = board(
        "service",
        "How is this service doing? Rate, errors and duration, in all and by handler, "
        "what it sold, and its log lines.",
    )
    for section in (_at_a_glance, _red, _by_handler, _business, _logs):
        section(service)
    return service


def _at_a_glance(service: builder.Dashboard) -> None:
    rate = over_time(red.requests(), "requests")
    share = over_time(red.error_percentage(), "5xx")
    p95 = over_time(red.duration_quantile(QUANTILES["p95"]), "p95")
    checkouts = over_time(orders.active_checkouts(), "checkouts")
    (
        service.with_panel(
            figure("Requests now", "How busy is the service right now?", "reqps", rate, QUARTER)
        )
        .with_panel(
            figure(
                "5xx now",
                "Which share of requests fails right now? Red spends the error budget fast.",
                "percent",
                share,
                QUARTER,
            ).thresholds(thresholds.error_percentage())
        )
        .with_panel(
            figure(
                "p95 now",
                "How long do all but the slowest 5 % of requests wait at most?",
                "s",
                p95,
                QUARTER,
            ).thresholds(thresholds.duration())
        )
        .with_panel(
            figure(
                "Checkouts in progress",
                "How many checkouts are under way right now? No data: the service has none.",
                "short",
                checkouts,
                QUARTER,
            )
        )
    )


def _red(service: builder.Dashboard) -> None:
    service.with_row(builder.Row("Rate, errors, duration"))
    service.with_panel(
        chart(
            "Requests per second",
            "How many requests does the service answer?",
            "reqps",
            over_time(red.requests(), "requests"),
            width=8,
        )
    )
    service.with_panel(
        with_threshold_line(
            chart(
                "5xx percentage",
                "Which share of requests ends in a server error? 0 when none fails; "
                "a gap when there are no requests.",
                "percent",
                over_time(red.error_percentage(), "5xx"),
                width=8,
            ).thresholds(thresholds.error_percentage())
        )
    )
    service.with_panel(
        chart(
            "Duration p50, p95, p99",
            f"How long do requests take, the typical and the slow ones? {EXEMPLARS}",
            "s",
            *_quantiles(),
            width=8,
        )
    )


def _quantiles() -> list[prometheus.Dataquery]:
    return [
        over_time(red.duration_quantile(quantile), name, name, exemplars=name == "p99")
        for name, quantile in QUANTILES.items()
    ]


def _by_handler(service: builder.Dashboard) -> None:
    service.with_row(builder.Row("By handler"))
    service.with_panel(
        stacked(
            chart(
                "Requests per handler",
                "Which handlers take the traffic?",
                "reqps",
                over_time(red.requests("handler"), "{{handler}}"),
                width=8,
            )
        )
    )
    service.with_panel(
        chart(
            "Errors per handler",
            "Which handler fails? Server errors (5xx) per second.",
            "reqps",
            over_time(red.errors("handler"), "{{handler}}"),
            width=8,
        )
    )
    p95 = red.duration_quantile(QUANTILES["p95"], "handler")
    service.with_panel(
        chart(
            "p95 per handler",
            f"Which handler is slow? {EXEMPLARS}",
            "s",
            over_time(p95, "{{handler}}", exemplars=True),
            width=8,
        )
    )


def _business(service: builder.Dashboard) -> None:
    service.with_row(builder.Row("Business (services that take orders)"))
    for panel in (_orders(), _checkouts(), _payments(), _payments_of_each_kind()):
        service.with_panel(panel.no_value("this service took no orders in this time range"))


def _orders() -> timeseries.Panel:
    return stacked(
        chart(
            "Orders per minute by payment method and currency",
            "How many orders come in, paid how and in what currency?",
            A_MINUTE,
            over_time(orders.orders_per_minute(), EACH_KIND),
        )
    )


def _checkouts() -> timeseries.Panel:
    return chart(
        "Active checkouts",
        "How many checkouts are under way at once? It climbs when something behind is slow.",
        "short",
        over_time(orders.active_checkouts(), "checkouts"),
    )


def _payments() -> timeseries.Panel:
    return chart(
        "Payment duration p50, p95, p99",
        f"How long do payments take? {EXEMPLARS}",
        "s",
        *_payment_quantiles(),
    )


def _payments_of_each_kind() -> timeseries.Panel:
    p99 = orders.payment_quantile(QUANTILES["p99"], orders.METHOD_AND_CURRENCY)
    return chart(
        "Payment duration p99 by payment method and currency",
        "How long do the slowest payments of each kind take, for example cards in EUR?",
        "s",
        over_time(p99, EACH_KIND),
    )


def _payment_quantiles() -> list[prometheus.Dataquery]:
    return [
        over_time(orders.payment_quantile(quantile), name, name, exemplars=name == "p99")
        for name, quantile in QUANTILES.items()
    ]


def _logs(service: builder.Dashboard) -> None:
    service.with_row(builder.Row("Logs"))
    service.with_panel(
        log_lines(
            "Log lines",
            "What does the service say? Open a line and follow its trace_id to the trace.",
            log_query(f"{{{SELECTED}}}"),
        )
    )
