"""Traces by id over Tempo's API."""

import base64
from typing import Any

import pytest
from opentelemetry.proto.trace.v1.trace_pb2 import TracesData
from small_store import NOON, SECOND, TRACE, SmallStore
from starlette.testclient import TestClient

ROOT, CHILD = "00000000000000a1", "00000000000000b2"


@pytest.fixture(autouse=True)
def spans(store: SmallStore) -> None:
    orders, payments = store.resource(1, "orders"), store.resource(2, "payments")
    failed = {"ts": NOON, "name": "exception", "attrs": {"exception.type": "Declined"}}
    store.span(orders, ROOT, "POST /checkout", kind=2, attrs={"http__route": "/checkout", "n": 3})
    for _ in range(2):
        store.span(
            payments,
            CHILD,
            "POST /charges",
            at=0.01,
            parent=ROOT,
            service="payments",
            kind=3,
            status=2,
            message="declined",
            attrs={"ok": False, "ratio": 0.5, "tags": ["a", 1], "map": {"k": "v"}},
            events=[failed],
        )


def batches(client: TestClient, path: str) -> list[dict[str, Any]]:
    answer = client.get(path)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["batches"]
    return found


def test_a_trace_is_given_as_tempo_s_json(client: TestClient) -> None:
    orders, payments = batches(client, f"/api/traces/{TRACE}")
    assert {"key": "service.name", "value": {"stringValue": "orders"}} in orders["resource"][
        "attributes"
    ]
    [root] = orders["scopeSpans"][0]["spans"]
    assert root == {
        "traceId": base64.b64encode(bytes.fromhex(TRACE)).decode(),
        "spanId": base64.b64encode(bytes.fromhex(ROOT)).decode(),
        "name": "POST /checkout",
        "kind": "SPAN_KIND_SERVER",
        "startTimeUnixNano": str(NOON),
        "endTimeUnixNano": str(NOON + SECOND // 10),
        "attributes": [
            {"key": "http.route", "value": {"stringValue": "/checkout"}},
            {"key": "n", "value": {"intValue": "3"}},
        ],
        "status": {},
    }
    [child] = payments["scopeSpans"][0]["spans"]
    assert child["status"] == {"code": "STATUS_CODE_ERROR", "message": "declined"}
    assert child["events"][0]["name"] == "exception"


def test_a_span_sent_twice_is_shown_once(client: TestClient) -> None:
    found = batches(client, f"/api/traces/{TRACE}")
    assert [len(batch["scopeSpans"][0]["spans"]) for batch in found] == [1, 1]


def test_the_second_version_wraps_the_trace(client: TestClient) -> None:
    answer = client.get(f"/api/v2/traces/{TRACE}").json()
    assert answer["trace"]["resourceSpans"] == batches(client, f"/api/traces/{TRACE}")


@pytest.mark.parametrize(("path", "skipped"), [("/api/traces/", 0), ("/api/v2/traces/", 1)])
def test_protobuf_holds_the_same_spans(client: TestClient, path: str, skipped: int) -> None:
    answer = client.get(path + TRACE, headers={"accept": "application/protobuf"})
    assert answer.headers["content-type"] == "application/protobuf"
    content = answer.content
    if skipped:  # TraceByIDResponse: field 1, then the length as a varint of two bytes
        assert content[0] == 0x0A
        content = content[3:]
    trace = TracesData.FromString(content)
    names = [span.name for r in trace.resource_spans for s in r.scope_spans for span in s.spans]
    assert names == ["POST /checkout", "POST /charges"]
    child = trace.resource_spans[1].scope_spans[0].spans[0]
    assert child.status.message == "declined"
    assert child.attributes[3].value.kvlist_value.values[0].value.string_value == "v"


@pytest.mark.parametrize(
    "hint", ["", f"?ts={NOON}", f"?start={NOON // SECOND - 1}&end={NOON // SECOND + 1}", "?ts=1"]
)
def test_a_hint_of_time_never_hides_a_span(client: TestClient, hint: str) -> None:
    assert len(batches(client, f"/api/traces/{TRACE.upper()}{hint}")) == 2


def test_a_short_id_is_padded(client: TestClient, store: SmallStore) -> None:
    store.span(1, ROOT, "short", trace="abc".rjust(32, "0"))
    assert len(batches(client, "/api/traces/abc")) == 1


def test_an_unknown_trace_is_404(client: TestClient) -> None:
    assert client.get("/api/traces/ff").status_code == 404
    assert client.get("/api/v2/traces/ff").status_code == 404


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/api/traces/xyz", "'x' at position 1"),
        (f"/api/traces/{TRACE}00", "128 bits"),
        (f"/api/traces/{TRACE}?ts=soon", "invalid ts: 'soon'"),
        (f"/api/traces/{TRACE}?start=5&end=4", "start must be before end"),
    ],
)
def test_a_wrong_request_is_400_and_says_why(client: TestClient, path: str, named: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 400
    assert named in answer.text
