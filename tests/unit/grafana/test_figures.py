"""What the panels show is right, held against a ledger of requests, for either kind of service."""

import re
from collections.abc import Sequence

import boards
import numpy as np
import pytest

from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.samples import Labels, Matcher, Series
from sightline.viewer.promql.values import Vector

SCRAPE_MS = 5_000
START = 1_790_000_000_000
NOW = START + 30 * 60_000
PLACE = {"deployment_environment_name": "development"}
ORDERS = PLACE | {"service_name": "orders", "job": "orders"}
PAYMENTS = PLACE | {"service_name": "payments", "job": "sightline/payments"}
BOUNDS = ("0.1", "0.5", "1.0", "+Inf")


class Ledger:
    """Requests at a steady rate, as counters that a scrape each five seconds would have found."""

    def __init__(self) -> None:
        self._series: list[Series] = []

    def count(self, name: str, labels: Labels, per_second: float) -> None:
        times = np.arange(START, NOW + 1, SCRAPE_MS, dtype=np.int64)
        values = per_second * (times - START) / 1000 + 100
        self._add(name, labels, times, values)

    def gauge(self, name: str, labels: Labels, value: float) -> None:
        times = np.arange(START, NOW + 1, SCRAPE_MS, dtype=np.int64)
        self._add(name, labels, times, np.full(len(times), value))

    def _add(self, name: str, labels: Labels, times: np.ndarray, values: np.ndarray) -> None:
        stale = np.zeros(len(times), dtype=np.bool_)
        self._series.append(Series(labels | {"__name__": name}, times, values, stale))

    def durations(self, name: str, labels: Labels, per_second: Sequence[float]) -> None:
        """Requests per second in each bucket, and so fewer in the ones before."""
        for bound, rate in zip(BOUNDS, np.cumsum(per_second), strict=True):
            self.count(f"{name}_bucket", labels | {"le": bound}, float(rate))
        self.count(f"{name}_count", labels, float(sum(per_second)))

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        chosen = [each for each in self._series if all(_holds(m, each.labels) for m in matchers)]
        return [_within(series, start_ms, end_ms) for series in chosen]


def _within(series: Series, start_ms: int, end_ms: int) -> Series:
    kept = (series.ts >= start_ms) & (series.ts <= end_ms)
    return Series(series.labels, series.ts[kept], series.values[kept], series.stale[kept])


def _holds(matcher: Matcher, labels: Labels) -> bool:
    value = labels.get(matcher.name, "")
    if matcher.op in {"=~", "!~"}:
        return (re.fullmatch(matcher.value, value) is not None) == (matcher.op == "=~")
    return (value == matcher.value) == (matcher.op == "=")


def scraped(ledger: Ledger, handler: str, ok: float, failed: float, declined: float = 0) -> None:
    labels = ORDERS | {"handler": handler, "method": "POST"}
    for status, rate in (("2xx", ok), ("4xx", declined), ("5xx", failed)):
        if rate:
            ledger.count("http_requests_total", labels | {"status": status}, rate)


def pushed(ledger: Ledger, route: str, codes: dict[str, float]) -> None:
    for code, rate in codes.items():
        labels = PAYMENTS | {"http_request_method": "POST", "http_response_status_code": code}
        if route:
            labels |= {"http_route": route}
        ledger.durations("http_server_request_duration_seconds", labels, [rate, 0, 0, 0])


def shown(ledger: Ledger, title: str, service: str, board: str = "service") -> dict[str, float]:
    """What a panel shows at the end of its picture, by its legend."""
    figures: dict[str, float] = {}
    for panel_board, panel in boards.panels():
        if (panel_board, panel["title"]) != (board, title):
            continue
        for target in panel["targets"]:
            values = boards.VALUES | {"$service": service}
            answer = Engine(ledger).instant(boards.filled(target["expr"], values), NOW)
            assert isinstance(answer, Vector)
            for labels, row in zip(answer.labels, answer.values, strict=True):
                figures[_legend(target["legendFormat"], labels)] = float(row[-1])
    return figures


def _legend(written: str, labels: Labels) -> str:
    return re.sub(r"\{\{(\w+)\}\}", lambda match: labels[match[1]], written)


@pytest.fixture
def ledger() -> Ledger:
    """orders: 8/s, a tenth of them 5xx; payments: 6/s, none of them 5xx; one other service."""
    ledger = Ledger()
    scraped(ledger, "/checkout", ok=3, failed=0.8, declined=0.2)
    scraped(ledger, "/orders/{order_id}", ok=4, failed=0)
    pushed(ledger, "/charges", {"201": 4.5, "402": 0.5})
    pushed(ledger, "", {"404": 1})
    other = ORDERS | {"service_name": "other", "handler": "/", "method": "GET", "status": "5xx"}
    ledger.count("http_requests_total", other, 1000)
    return ledger


@pytest.mark.parametrize(("service", "rate"), [("orders", 8), ("payments", 6)])
def test_requests_per_second_are_those_sent(ledger: Ledger, service: str, rate: float) -> None:
    assert shown(ledger, "Requests per second", service) == {"requests": pytest.approx(rate)}


def test_requests_per_handler_are_those_sent(ledger: Ledger) -> None:
    assert shown(ledger, "Requests per handler", "orders") == pytest.approx(
        {"/checkout": 4, "/orders/{order_id}": 4}
    )
    assert shown(ledger, "Requests per handler", "payments") == pytest.approx(
        {"/charges": 5, "none": 1}
    )


def test_the_5xx_percentage_is_of_the_window_and_of_server_errors_alone(ledger: Ledger) -> None:
    assert shown(ledger, "5xx percentage", "orders") == {"5xx": pytest.approx(10)}


def test_the_5xx_percentage_is_0_with_traffic_and_no_errors(ledger: Ledger) -> None:
    assert shown(ledger, "5xx percentage", "payments") == {"5xx": 0}


def test_the_5xx_percentage_of_a_pushing_service_counts_each_code(ledger: Ledger) -> None:
    pushed(ledger, "/charges", {"500": 1.5, "503": 0.5})
    assert shown(ledger, "5xx percentage", "payments") == {"5xx": pytest.approx(25)}


def test_a_service_that_was_never_asked_shows_no_percentage() -> None:
    assert shown(Ledger(), "5xx percentage", "orders") == {}


def test_a_percentage_is_a_gap_when_all_counters_stand_still() -> None:
    idle = Ledger()
    idle.gauge("http_requests_total", ORDERS | {"handler": "/orders", "status": "2xx"}, 7)
    assert shown(idle, "5xx percentage", "orders") == {}
    assert shown(idle, "Requests per second", "orders") == {"requests": 0}


def test_errors_per_handler_are_0_where_a_handler_fails_nothing(ledger: Ledger) -> None:
    assert shown(ledger, "Errors per handler", "orders") == pytest.approx(
        {"/checkout": 0.8, "/orders/{order_id}": 0}
    )
    assert shown(ledger, "Errors per handler", "payments") == {"/charges": 0, "none": 0}


@pytest.mark.parametrize(
    ("service", "name", "label"),
    [
        ("orders", "http_request_duration_seconds", {"handler": "/checkout"}),
        ("payments", "http_server_request_duration_seconds", {"http_route": "/checkout"}),
    ],
)
def test_quantiles_lie_within_the_bucket_that_holds_them(
    service: str, name: str, label: Labels
) -> None:
    ledger = Ledger()
    place = ORDERS if service == "orders" else PAYMENTS
    # Of a hundred requests 60 took up to 0.1 s, 36 up to 0.5 s, 4 up to 1 s.
    ledger.durations(name, place | label, [60, 36, 4, 0])
    figures = shown(ledger, "Duration p50, p95, p99", service)
    assert 0 < figures["p50"] <= 0.1
    assert 0.1 < figures["p95"] <= 0.5
    assert 0.5 < figures["p99"] <= 1
    assert shown(ledger, "p95 per handler", service) == {"/checkout": pytest.approx(figures["p95"])}


def test_orders_are_counted_by_payment_method_and_currency() -> None:
    ledger = Ledger()
    card = {"payment_method": "card", "currency": "EUR"}
    ledger.count("orders_created_total", ORDERS | card, 0.5)
    ledger.count("orders_created_total", ORDERS | card | {"currency": "USD"}, 0.25)
    title = "Orders per minute by payment method and currency"
    assert shown(ledger, title, "orders") == pytest.approx({"card EUR": 30, "card USD": 15})
    assert shown(ledger, "Orders in this time range", "orders", "business") == pytest.approx(
        {"card EUR": 900, "card USD": 450}
    )


def test_the_p99_of_card_payments_in_eur_has_an_answer() -> None:
    ledger = Ledger()
    card = ORDERS | {"payment_method": "card", "currency": "EUR"}
    ledger.durations("payment_duration_seconds", card, [90, 8, 2, 0])
    ledger.durations("payment_duration_seconds", card | {"currency": "USD"}, [100, 0, 0, 0])
    figures = shown(ledger, "Payment duration p99 by payment method and currency", "orders")
    assert 0.5 < figures["card EUR"] <= 1
    assert 0 < figures["card USD"] <= 0.1


def test_payments_without_an_order_are_a_share_of_the_payments() -> None:
    ledger = Ledger()
    card = ORDERS | {"payment_method": "card", "currency": "EUR"}
    ledger.count("orders_created_total", card, 3)
    ledger.durations("payment_duration_seconds", card, [4, 0, 0, 0])
    title = "Payments without an order"
    assert shown(ledger, title, "orders", "business") == {"failed payments": pytest.approx(25)}


def test_the_mean_order_value_is_called_a_mean_and_is_one() -> None:
    ledger = Ledger()
    ledger.count("order_value_sum", ORDERS | {"currency": "EUR"}, 60)
    ledger.count("order_value_count", ORDERS | {"currency": "EUR"}, 2)
    title = "Mean order value by currency"
    assert shown(ledger, title, "orders", "business") == {"EUR": pytest.approx(30)}


def test_active_checkouts_are_summed_over_instances() -> None:
    ledger = Ledger()
    ledger.gauge("active_checkouts", ORDERS | {"instance": "a"}, 2)
    ledger.gauge("active_checkouts", ORDERS | {"instance": "b"}, 3)
    assert shown(ledger, "Active checkouts", "orders") == {"checkouts": 5}


@pytest.mark.parametrize("query", boards.queries("prometheus"))
def test_every_metric_query_of_every_panel_runs_and_is_empty_without_data(
    query: boards.Query,
) -> None:
    answer = Engine(Ledger()).instant(boards.filled(query.text), NOW)
    assert isinstance(answer, Vector)
    assert list(answer.labels) == []
