"""Which service calls which."""

import pytest
from small_store import NOON, SECOND, SmallStore
from starlette.testclient import TestClient

SERVER, CLIENT, ERROR = 2, 3, 2
TIMES = {"start": NOON // SECOND, "end": NOON // SECOND + 100}


def test_an_edge_has_its_calls_errors_and_durations(client: TestClient, store: SmallStore) -> None:
    orders, payments = store.resource(1, "orders"), store.resource(2, "payments")
    for number in range(4):
        trace, call, served = f"{number:032x}", f"{number:015x}a", f"{number:015x}b"
        store.span(orders, call, "POST", at=number, kind=CLIENT, trace=trace)
        for _ in range(2):  # sent again
            store.span(payments, served, "POST /charges", at=number, dur=0.1 * (number + 1),
                       parent=call, kind=SERVER, service="payments", trace=trace,
                       status=ERROR if number == 3 else 0)  # fmt: skip
    [edge] = client.get("/api/service-map", params=TIMES).json()["edges"]
    assert (edge["client"], edge["server"], edge["calls"], edge["errors"]) == (
        "orders",
        "payments",
        4,
        1,
    )
    assert edge["rate"] == pytest.approx(0.04)
    assert edge["p50_seconds"] == pytest.approx(0.25, rel=0.02)
    assert edge["p99_seconds"] == pytest.approx(0.397, rel=0.02)


def test_spans_within_a_service_are_no_edge(client: TestClient, store: SmallStore) -> None:
    orders = store.resource(1, "orders")
    store.span(orders, "a" * 16, "GET /orders", kind=SERVER)
    store.span(orders, "b" * 16, "SELECT", parent="a" * 16, kind=CLIENT)
    assert client.get("/api/service-map", params=TIMES).json()["edges"] == []


def test_a_service_that_nobody_calls_has_what_it_served(
    client: TestClient, store: SmallStore
) -> None:
    orders = store.resource(1, "orders")
    store.span(orders, "a" * 16, "GET /orders", kind=SERVER, dur=0.2)
    store.span(orders, "b" * 16, "GET /orders", kind=SERVER, dur=0.4, status=ERROR)
    store.span(orders, "b" * 16, "GET /orders", kind=SERVER, dur=0.4, status=ERROR)
    store.span(orders, "c" * 16, "SELECT", parent="a" * 16, kind=CLIENT)
    [node] = client.get("/api/service-map", params=TIMES).json()["nodes"]
    assert (node["service"], node["calls"], node["errors"]) == ("orders", 2, 1)
    assert node["rate"] == pytest.approx(0.02)
    assert node["p50_seconds"] == pytest.approx(0.3, rel=0.02)
