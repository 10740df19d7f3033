"""Loki's live tail."""

import time
from contextlib import ExitStack
from typing import Any

import pytest
from small_store import NOON, SmallStore
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

ORDERS = {"service.name": "orders", "service.namespace": "sightline"}


def row(seq: int, body: str, **changed: Any) -> dict[str, Any]:
    known = {
        "seq": seq, "ts": NOON + seq, "observed_ts": NOON + seq, "severity": 9,
        "severity_text": "INFO", "level": "info", "service": "orders", "body": body,
        "trace_id": "", "span_id": "", "resource_id": 1, "scope": "app", "attrs": "{}",
        "resource_attrs": ORDERS,
    }  # fmt: skip
    return known | changed


def publish(store: SmallStore, rows: list[dict[str, Any]]) -> None:
    deadline = time.monotonic() + 10
    while not store.tail.wanted:
        assert time.monotonic() < deadline, "nobody tails"
        time.sleep(0.01)
    store.tail.publish(rows)


def texts(message: dict[str, Any]) -> list[str]:
    return [value[1] for stream in message["streams"] for value in stream["values"]]


def tail(query: str, **given: Any) -> str:
    more = "".join(f"&{key}={value}" for key, value in given.items())
    return f"/loki/api/v1/tail?query={query}{more}"


def test_only_lines_that_match_arrive(client: TestClient, store: SmallStore) -> None:
    query = '{service_name="orders"} |= "keep" | order_id > 5'
    with client.websocket_connect(tail(query)) as socket:
        publish(
            store,
            [
                row(1, "keep this", attrs='{"order.id":7}'),
                row(2, "keep not", attrs='{"order.id":3}'),
                row(3, "other", attrs='{"order.id":9}'),
                row(4, "keep elsewhere", service="payments", resource_id=2, attrs='{"order.id":9}',
                    resource_attrs={"service.name": "payments"}),
            ],
        )  # fmt: skip
        message = socket.receive_json()
    assert texts(message) == ["keep this"]
    assert message["streams"][0]["stream"]["service_namespace"] == "sightline"
    assert "dropped_entries" not in message


def test_stored_lines_come_first_and_none_comes_twice(
    client: TestClient, store: SmallStore
) -> None:
    store.log(store.resource(1, "orders"), "stored", at=1)
    query = '{service_name="orders"}'
    with client.websocket_connect(tail(query, start=NOON)) as socket:
        assert texts(socket.receive_json()) == ["stored"]
        publish(store, [row(1, "stored"), row(2, "live")])
        assert texts(socket.receive_json()) == ["live"]


def test_a_line_that_waits_to_be_stored_when_the_tail_begins_is_not_missed(
    client: TestClient, store: SmallStore
) -> None:
    resource = store.resource(1, "orders")
    store.queued.append(lambda: store.log(resource, "just before", at=1))
    with client.websocket_connect(tail('{service_name="orders"}', start=NOON)) as socket:
        publish(store, [row(2, "live")])
        assert texts(socket.receive_json()) == ["just before"]
        assert texts(socket.receive_json()) == ["live"]


def test_what_a_slow_client_missed_is_counted(client: TestClient, store: SmallStore) -> None:
    with client.websocket_connect(tail('{service_name="orders"}')) as socket:
        publish(store, [row(seq, "many") for seq in range(5_000)])
        lines = dropped = 0
        while lines + dropped < 5_000:
            message = socket.receive_json()
            lines += len(texts(message)) if "streams" in message else 0
            dropped += len(message.get("dropped_entries", []))
    assert (lines, dropped) == (2_000, 3_000)


@pytest.mark.parametrize(
    ("query", "named"),
    [("{", "unexpected $end"), ('{service_name=~".*"}', "at least one"), ("1", "log query")],
)
def test_a_wrong_query_closes_with_its_reason(client: TestClient, query: str, named: str) -> None:
    with client.websocket_connect(tail(query)) as socket, pytest.raises(WebSocketDisconnect) as end:
        socket.receive_json()
    assert end.value.code == 1008
    assert named in end.value.reason


def test_tails_are_bounded_and_a_closed_one_makes_room(
    client: TestClient, store: SmallStore
) -> None:
    path = tail('{service_name="orders"}')
    with ExitStack() as opened:
        for _ in range(10):
            opened.enter_context(client.websocket_connect(path))
        last = opened.enter_context(client.websocket_connect(path))
        with pytest.raises(WebSocketDisconnect) as end:
            last.receive_json()
        assert "10 live tails are open" in end.value.reason
    with client.websocket_connect(path) as socket:
        publish(store, [row(1, "room again")])
        assert texts(socket.receive_json()) == ["room again"]
