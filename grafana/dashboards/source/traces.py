"""The Traces dashboard: who calls whom, and which traces failed or were slow."""

from grafana_foundation_sdk.builders import dashboard as builder

from source import panels, spans, thresholds
from source.board import board
from source.panels import HALF, THIRD, bars, chart, with_threshold_line
from source.targets import now, over_time, service_map, trace_search

CALL = "{{client}} → {{server}}"
SLOWER_THAN = f"{thresholds.LATENCY_BOUND_SECONDS} s"


def dashboard() -> builder.Dashboard:
    page = board(
        "traces",
        "Who calls whom, which operations are slow, and which traces show it?",
    )
    for section in (_searches, _map, _operations):
        section(page)
    return page


def _searches(page: builder.Dashboard) -> None:
    page.with_panel(
        panels.traces(
            "Traces that failed",
            "Which requests touched an error in this service? Click one to open its trace.",
            trace_search(spans.traces(spans.FAILED)),
            HALF,
        )
    )
    page.with_panel(
        panels.traces(
            f"Traces slower than {SLOWER_THAN}",
            "Which requests had a span of this service that broke the latency promise?",
            trace_search(spans.traces(spans.SLOW)),
            HALF,
        )
    )
    page.with_panel(
        panels.traces(
            "Latest traces",
            "What has the service done lately?",
            trace_search(spans.traces(), limit=50),
        )
    )


def _map(page: builder.Dashboard) -> None:
    page.with_row(builder.Row("Service map (from Tempo's metrics generator)"))
    page.with_panel(
        panels.service_map(
            "Service map",
            "Who calls whom? Edges show calls per second and duration, rings the share of errors.",
            service_map(""),
        )
    )
    page.with_panel(
        bars(
            "Calls between services",
            "Which calls carry the traffic in this time range?",
            "reqps",
            now(spans.calls(), CALL),
            THIRD,
        )
    )
    page.with_panel(
        chart(
            "Calls that fail",
            "Which calls fail, seen from either end?",
            "percent",
            over_time(spans.failed_calls_percentage(), CALL),
            width=THIRD,
        ).thresholds(thresholds.error_percentage())
    )
    page.with_panel(
        with_threshold_line(
            chart(
                "p95 of calls",
                "Which call between services is slow, as the called one measures it?",
                "s",
                over_time(spans.call_quantile(0.95), CALL, exemplars=True),
                width=THIRD,
            ).thresholds(thresholds.duration())
        )
    )


def _operations(page: builder.Dashboard) -> None:
    page.with_row(builder.Row("Operations of the service (from spans)"))
    page.with_panel(
        chart(
            "Operations per second",
            "What does the service spend its calls on, database and outgoing calls included?",
            "ops",
            over_time(spans.operations_per_second(), "{{span_name}}"),
        )
    )
    page.with_panel(
        chart(
            "p95 per operation",
            "Which operation is slow? Points open their traces.",
            "s",
            over_time(spans.operation_quantile(0.95), "{{span_name}}", exemplars=True),
        )
    )
