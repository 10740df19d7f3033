"""What a request becomes: the rows of spans and logs."""

import json
import os
import time
from typing import Any

import otlp_requests as otlp
import pytest
from google.protobuf.message import Message

from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.store import Store

pytestmark = pytest.mark.anyio


async def taken(receiver: Receiver, store: Store, name: str, request: Message) -> list[Any]:
    await receiver.receive(name, request.SerializeToString())
    store.flush()
    table = {"traces": "spans", "logs": "logs"}[name]
    rows = store.arrays(f"SELECT * FROM {table}")  # noqa: S608 — one of two names above
    return [dict(zip(rows, values, strict=True)) for values in zip(*rows.values(), strict=True)]


async def test_a_span_keeps_all_its_parts(receiver: Receiver, store: Store) -> None:
    request = otlp.traces(
        trace_id=bytes.fromhex("0af7651916cd43dd8448eb211c80319c"),
        parent_span_id=bytes.fromhex("b7ad6b7169203331"),
        attributes={
            "http.route": "/checkout",
            "http.request.method": "POST",
            "http.response.status_code": 503,
        },
    )
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.status.code, span.status.message = 2, "no stock"
    span.events.add(name="exception", time_unix_nano=5, attributes=otlp.pairs({"a": "b"}))
    span.links.add(trace_id=b"\1" * 16, span_id=b"\2" * 8)
    (row,) = await taken(receiver, store, "traces", request)
    assert row["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert row["parent_id"] == "b7ad6b7169203331"
    assert (row["service"], row["scope"], row["kind"]) == ("orders", "orders.checkout", 2)
    assert (row["status"], row["status_message"], row["dur"]) == (2, "no stock", 1_000_000)
    assert (row["http_route"], row["http_method"], row["http_status"]) == ("/checkout", "POST", 503)
    assert json.loads(row["events"]) == [{"ts": 5, "name": "exception", "attrs": {"a": "b"}}]
    link = {"trace_id": "01" * 16, "span_id": "02" * 8, "attrs": {}}
    assert json.loads(row["links"]) == [link]
    found = store.query("SELECT service, namespace, environment, instance FROM resources")
    assert found == [("orders", "sightline", "test", "i-1")]


async def test_what_is_absent_is_null_or_empty(receiver: Receiver, store: Store) -> None:
    (row,) = await taken(receiver, store, "traces", otlp.traces())
    assert row["parent_id"] == ""
    assert row["attrs"] == "{}"
    nulls = store.query("SELECT http_route, http_method, http_status FROM spans")
    assert nulls == [(None, None, None)]


@pytest.mark.parametrize(
    "attributes",
    [
        {"http.response.status_code": "four hundred"},
        {"http.response.status_code": -5},
        {"http.response.status_code": 2**40},
        {"http.response.status_code": float("nan")},
        {"http.response.status_code": float("inf")},
        {"http.route": 7, "http.request.method": [1]},
        {"nul": "a\0b", "emoji": "😀", "html": "<script>"},
        {"nan": float("nan"), "inf": float("inf"), "big": 2**63 - 1, "low": -(2**63)},
        {f"key{number}": "x" for number in range(1_000)},
        {"long": "x" * 200_000},
    ],
)
async def test_odd_attributes_do_not_cost_the_span(
    receiver: Receiver, store: Store, attributes: dict[str, Any]
) -> None:
    (row,) = await taken(receiver, store, "traces", otlp.traces(attributes=attributes))
    assert len(json.loads(row["attrs"])) <= 129
    assert len(row["attrs"]) < 40_000
    assert store.writer.lost_rows == 0


@pytest.mark.parametrize(
    ("fields", "rejected"),
    [
        ({"span_id": b""}, 1),
        ({"trace_id": bytes(16)}, 1),
        ({"start_time_unix_nano": 0}, 1),
        ({"end_time_unix_nano": 2**64 - 1}, 1),
        ({"end_time_unix_nano": 1}, 0),
        ({"kind": 77}, 0),
        ({"name": ""}, 0),
        ({"parent_span_id": bytes(8)}, 0),
    ],
)
async def test_only_spans_that_have_no_place_are_rejected(
    receiver: Receiver, store: Store, fields: dict[str, Any], rejected: int
) -> None:
    response: Any = await receiver.receive("traces", otlp.traces(**fields).SerializeToString())
    assert response.partial_success.rejected_spans == rejected
    store.flush()
    found = store.query("SELECT parent_id, dur FROM spans")
    assert len(found) == 1 - rejected
    assert all(parent == "" and duration >= 0 for parent, duration in found)


async def test_a_log_record_keeps_all_its_parts(receiver: Receiver, store: Store) -> None:
    request = otlp.logs(
        attributes={"order.id": 7},
        trace_id=b"\1" * 16,
        span_id=b"\2" * 8,
        severity_number=17,
        severity_text="ERROR",
    )
    (row,) = await taken(receiver, store, "logs", request)
    assert (row["body"], row["level"], row["severity"]) == ("order.created", "error", 17)
    assert (row["trace_id"], row["span_id"]) == ("01" * 16, "02" * 8)
    assert json.loads(row["attrs"]) == {"order.id": 7}


@pytest.mark.parametrize(
    ("number", "text", "level"),
    [
        (1, "", "trace"),
        (5, "", "debug"),
        (12, "", "info"),
        (13, "", "warn"),
        (21, "CRITICAL", "fatal"),
        (0, "WARNING", "warn"),
        (0, "Critical", "fatal"),
        (0, "whatever", "unknown"),
        (99, "", "unknown"),
    ],
)
async def test_levels_have_lokis_names(
    receiver: Receiver, store: Store, number: int, text: str, level: str
) -> None:
    request = otlp.logs(severity_number=number, severity_text=text)
    (row,) = await taken(receiver, store, "logs", request)
    assert row["level"] == level


@pytest.mark.parametrize(
    ("body", "line"),
    [({"event": "a", "n": 1}, '{"event":"a","n":1}'), ([1, "b"], '[1,"b"]'), (True, "true")],
)
async def test_a_structured_body_is_a_line_of_json(
    receiver: Receiver, store: Store, body: Any, line: str
) -> None:
    (row,) = await taken(receiver, store, "logs", otlp.logs(body))
    assert row["body"] == line


async def test_a_record_without_a_time_has_the_time_of_its_arrival(
    receiver: Receiver, store: Store
) -> None:
    before = time.time_ns()
    request = otlp.logs(time_unix_nano=0, observed_time_unix_nano=0)
    (row,) = await taken(receiver, store, "logs", request)
    assert before <= row["ts"] <= time.time_ns()
    assert row["observed_ts"] == 0  # nobody observed it; Loki shows none either


async def test_a_body_nested_without_end_is_cut(receiver: Receiver, store: Store) -> None:
    deep: Any = "core"
    for _ in range(25):
        deep = {"a": deep}
    (row,) = await taken(receiver, store, "logs", otlp.logs(deep))
    assert "nested too deeply" in row["body"]


async def test_the_tail_has_a_line_before_the_database_does(
    receiver: Receiver, store: Store
) -> None:
    with store.tail.subscribe() as subscription:
        await receiver.receive("logs", otlp.logs("now").SerializeToString())
        (row,) = await subscription.get()
    assert row["body"] == "now"
    assert row["resource_attrs"]["service.name"] == "orders"


async def test_a_slow_reader_of_the_tail_is_told_how_many_it_missed(
    receiver: Receiver, store: Store
) -> None:
    with store.tail.subscribe(size=3) as subscription:
        for number in range(10):
            await receiver.receive("logs", otlp.logs(f"line {number}").SerializeToString())
        rows = await subscription.get()
    assert [row["body"] for row in rows] == ["line 7", "line 8", "line 9"]
    assert subscription.skipped == 7
    assert not store.tail.wanted


async def test_large_requests_do_not_hold_up_small_ones(receiver: Receiver, store: Store) -> None:
    large = otlp.traces(20_000, attributes={"k": os.urandom(8).hex()})
    await receiver.receive("traces", large.SerializeToString())
    store.flush()
    assert store.query("SELECT count(DISTINCT span_id) FROM spans") == [(20_000,)]


async def test_of_attributes_with_one_key_the_last_counts(receiver: Receiver, store: Store) -> None:
    request = otlp.traces(attributes={"http.route": "/first", "kept": 1})
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.attributes.extend(otlp.pairs({"http.route": "/last"}))
    (row,) = await taken(receiver, store, "traces", request)
    assert json.loads(row["attrs"]) == {"http.route": "/last", "kept": 1}
    assert row["http_route"] == "/last"


async def test_attributes_that_come_again_are_read_alike(receiver: Receiver, store: Store) -> None:
    found = {
        "order.id": "12345678",
        "digest": "0af7651916cd43dd",
        "amount": 59.8,
        "in_stock": True,
        "lines": ["a", "b"],
        "text": 'quoted "é"',
        "password": "hunter2",
        "card": "4111111111111111",
    }
    for _ in range(3):
        rows = await taken(receiver, store, "logs", otlp.logs(attributes=found))
    assert len(rows) == 3
    for row in rows:
        kept = json.loads(row["attrs"])
        assert kept == {**found, "password": "****", "card": "****"}


async def test_ids_differ_though_their_beginnings_are_alike(
    receiver: Receiver, store: Store
) -> None:
    for number in ("1", "12", "13", "123456789012", "4111111111111111", "0x1", "a" * 20, "b" * 20):
        rows = await taken(receiver, store, "logs", otlp.logs(attributes={"order.id": number}))
    ids = [json.loads(row["attrs"])["order.id"] for row in rows]
    assert ids == ["1", "12", "13", "123456789012", "****", "0x1", "a" * 20, "b" * 20]


async def test_a_span_with_a_broken_attribute_is_rejected_alone(
    receiver: Receiver, store: Store
) -> None:
    request = otlp.traces(2, attributes={"word": "QQQQ"}).SerializeToString()
    broken = request.replace(b"QQQQ", b"\xff\xfe\xff\xfe", 1)
    response: Any = await receiver.receive("traces", broken)
    assert response.partial_success.rejected_spans == 1
    assert "not OTLP" in response.partial_success.error_message
    store.flush()
    assert store.query("SELECT json_extract_string(attrs, '$.word') FROM spans") == [("QQQQ",)]


async def test_a_log_record_with_a_broken_attribute_is_rejected_alone(
    receiver: Receiver, store: Store
) -> None:
    request = otlp.logs(attributes={"word": "QQQQ"})
    scope = request.resource_logs[0].scope_logs[0]
    scope.log_records.add().CopyFrom(scope.log_records[0])
    broken = request.SerializeToString().replace(b"QQQQ", b"\xff\xfe\xff\xfe", 1)
    response: Any = await receiver.receive("logs", broken)
    assert response.partial_success.rejected_log_records == 1
    store.flush()
    assert store.query("SELECT count(*) FROM logs") == [(1,)]
