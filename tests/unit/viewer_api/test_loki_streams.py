"""Log queries over Loki's API."""

from typing import Any

import pytest
from small_store import NOON, SECOND, TRACE, SmallStore
from starlette.testclient import TestClient


@pytest.fixture(autouse=True)
def lines(store: SmallStore) -> None:
    orders = store.resource(1, "orders", host__name="a")
    payments = store.resource(2, "payments")
    store.log(orders, "order.created", at=1, trace=TRACE, order__id=7, amount=1.0, note="it's")
    store.log(orders, "order.refused", at=2, level="warn", order__id=8, reason="no 'stock'",
              version="2.0", sent="512B")  # fmt: skip
    store.log(payments, '{"a":{"b":5},"took":"150ms"}', at=3, trace=TRACE)
    store.log(payments, 'level=info order_id=9 msg="so it goes" took=2s', at=4)


def ask(client: TestClient, query: str, **parameters: Any) -> list[tuple[dict[str, str], str]]:
    given = {"query": query, "start": NOON, "end": NOON + 10 * SECOND, **parameters}
    answer = client.get("/loki/api/v1/query_range", params=given)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "success"
    result = answer.json()["data"]["result"]
    return [(s["stream"], value[1]) for s in result for value in s["values"]]


def texts(client: TestClient, query: str, **parameters: Any) -> list[str]:
    return [text for _, text in ask(client, query, **parameters)]


def test_the_lines_of_a_trace_come_from_every_service(client: TestClient) -> None:
    found = ask(client, f'{{service_name=~".+"}} | trace_id="{TRACE}"')
    assert [labels["service_name"] for labels, _ in found] == ["payments", "orders"]


def test_a_stream_holds_labels_and_structured_metadata_under_loki_s_names(
    client: TestClient,
) -> None:
    [(labels, text)] = ask(client, '{service_name="orders"} |= "created"')
    assert text == "order.created"
    assert labels == {
        "service_name": "orders",
        "service_namespace": "sightline",
        "deployment_environment_name": "test",
        "host__name": "a",
        "order_id": "7",
        "amount": "1",
        "note": "it's",
        "severity_number": "9",
        "severity_text": "INFO",
        "detected_level": "info",
        "trace_id": TRACE,
        "span_id": "b7ad6b7169203331",
        "scope_name": "app",
    }


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ('{service_name="orders"}', ["order.refused", "order.created"]),
        ('{service_name!="orders", service_name=~"pay.*"} |= "took" |= "msg"', ["level=info"]),
        ('{service_name=~"ord"}', []),
        ('{service_name="orders"} != "created"', ["order.refused"]),
        ('{service_name="orders"} |= "created" or "refused"', ["order.refused", "order.created"]),
        ('{service_name="orders"} |~ "^order\\\\.c"', ["order.created"]),
        ('{service_name="orders"} !~ "cre|nothing"', ["order.refused"]),
        ('{service_name="orders"} | order_id="7"', ["order.created"]),
        ('{service_name="orders"} | order_id > 7', ["order.refused"]),
        (
            '{service_name="orders"} | order_id > 7 or detected_level="info"',
            ["order.refused", "order.created"],
        ),
        ('{service_name="orders"} | (order_id > 5 and order_id < 8), amount=1', ["order.created"]),
        ('{service_name="orders"} | amount="1"', ["order.created"]),
        ('{service_name="orders"} | amount!="1"', ["order.refused"]),
        ('{service_name="orders"} | version="2"', []),
        ('{service_name="orders"} | version="2.0"', ["order.refused"]),
        ('{service_name="orders"} | missing=""', ["order.refused", "order.created"]),
        ('{service_name="orders"} | missing > 0', []),
        ('{service_name="orders"} | note="it\'s"', ["order.created"]),
        ('{service_name="orders"} | reason="no \'stock\'"', ["order.refused"]),
        ('{service_name="orders"} | detected_level=~"warn|error"', ["order.refused"]),
        ('{service_name="orders"} | sent < 5KB', ["order.refused"]),
        ('{service_name="orders"} | sent > 5KB', []),
        ('{service_name="payments"} | json | a_b="5"', ['{"a"']),
        ('{service_name="payments"} | json | took > 100ms', ['{"a"']),
        ('{service_name="payments"} | logfmt | took >= 1.5s', ["level=info"]),
        ('{service_name="payments"} | logfmt | msg="so it goes"', ["level=info"]),
        ('{service_name="payments"} | json | __error__=""', ['{"a"']),
        ('{service_name="payments"} | drop order_id | order_id="9"', []),
    ],
)
def test_a_query_finds_its_lines(client: TestClient, query: str, expected: list[str]) -> None:
    found = texts(client, query)
    assert [text.split(":")[0].split(" ")[0] for text in found] == expected
