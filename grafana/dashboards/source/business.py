"""The Business dashboard: orders, revenue and payments, whatever HTTP says."""

from grafana_foundation_sdk.builders import dashboard as builder

from source import orders, thresholds
from source.board import board
from source.panels import HALF, QUARTER, bars, chart, figure, stacked, with_threshold_line
from source.targets import now, over_time

EACH_KIND = "{{payment_method}} {{currency}}"
A_MINUTE = "suffix:/min"
NOBODY_BUYS = "no orders in this time range"


def dashboard() -> builder.Dashboard:
    page = board(
        "business",
        "What does the shop earn, and can its customers pay? Choose a service that takes orders.",
    )
    for section in (_at_a_glance, _orders, _payments):
        section(page)
    return page


def _at_a_glance(page: builder.Dashboard) -> None:
    page.with_panel(
        figure(
            "Orders per minute",
            "How many orders come in right now?",
            A_MINUTE,
            over_time(orders.orders_per_minute(by=""), "orders"),
            QUARTER,
        )
    )
    page.with_panel(
        figure(
            "Payments without an order",
            "Which share of payments was declined, timed out or failed?",
            "percent",
            over_time(orders.payment_failure_percentage(), "failed payments"),
            QUARTER,
        ).thresholds(thresholds.payment_failures())
    )
    page.with_panel(
        figure(
            "Checkouts in progress",
            "How many customers wait for their checkout right now?",
            "short",
            over_time(orders.active_checkouts(), "checkouts"),
            QUARTER,
        )
    )
    page.with_panel(
        figure(
            "Payment p95",
            "How long do all but the slowest 5 % of payments take at most?",
            "s",
            over_time(orders.payment_quantile(0.95), "p95"),
            QUARTER,
        ).thresholds(thresholds.duration())
    )


def _orders(page: builder.Dashboard) -> None:
    page.with_row(builder.Row("Orders and revenue"))
    page.with_panel(
        stacked(
            chart(
                "Orders per minute by payment method and currency",
                "Who buys how? Each band is one payment method in one currency.",
                A_MINUTE,
                over_time(orders.orders_per_minute(), EACH_KIND),
            )
        )
    )
    page.with_panel(
        bars(
            "Orders in this time range",
            "How many orders of each kind were there in the time range above?",
            "short",
            now(f"sort_desc({orders.orders_in_range()})", EACH_KIND),
            HALF,
        )
        .no_value(NOBODY_BUYS)
        .decimals(0)
    )
    page.with_panel(
        chart(
            "Revenue per minute by currency",
            "What do the orders bring in, each in its own currency?",
            A_MINUTE,
            over_time(orders.revenue_per_minute(), "{{currency}}"),
        )
    )
    page.with_panel(
        chart(
            "Mean order value by currency",
            "Is the typical basket growing? The mean, each in its own currency.",
            "short",
            over_time(orders.mean_order_value(), "{{currency}}"),
        )
    )


def _payments(page: builder.Dashboard) -> None:
    page.with_row(builder.Row("Payments"))
    page.with_panel(
        with_threshold_line(
            chart(
                "Payments without an order by payment method and currency",
                "Whose payments fail? 0 when every payment of that kind becomes an order.",
                "percent",
                over_time(orders.payment_failure_percentage(orders.METHOD_AND_CURRENCY), EACH_KIND),
            ).thresholds(thresholds.payment_failures())
        )
    )
    page.with_panel(
        chart(
            "Payments per minute by payment method and currency",
            "How many payments are tried, well or not?",
            A_MINUTE,
            over_time(orders.payments_per_minute(), EACH_KIND),
        )
    )
    page.with_panel(
        chart(
            "Payment duration p50 by payment method and currency",
            "How long does the typical payment of each kind take?",
            "s",
            over_time(orders.payment_quantile(0.5, orders.METHOD_AND_CURRENCY), EACH_KIND),
        )
    )
    page.with_panel(
        chart(
            "Payment duration p99 by payment method and currency",
            "How long do the slowest payments of each kind take? Points open their traces.",
            "s",
            over_time(
                orders.payment_quantile(0.99, orders.METHOD_AND_CURRENCY),
                EACH_KIND,
                exemplars=True,
            ),
        )
    )
