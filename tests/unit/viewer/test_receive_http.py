"""OTLP over HTTP against a running viewer: what is taken, what is refused, and how it says so."""

import gzip
import json
import os
import socket
import time
from collections.abc import Iterator

import otlp_requests as otlp
import psutil
import pytest
from google.protobuf import json_format
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from viewer_process import PROTOBUF, Answer, Viewer, eventually, viewer
from viewer_process import request as ask

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def running() -> Iterator[Viewer]:
    with viewer(None) as started:
        yield started


@pytest.fixture
def kept(running: Viewer) -> Iterator[Viewer]:
    """Good data sent before and after whatever a test sends is stored, all of it."""
    before = running.rows("spans")
    assert running.post("/v1/traces", otlp.traces(3).SerializeToString()).status == 200
    yield running
    assert running.process.poll() is None
    assert running.post("/v1/traces", otlp.traces(2).SerializeToString()).status == 200
    running.stored("spans", before + 5)


def said(answer: Answer) -> str:
    assert answer.headers["content-type"] == PROTOBUF
    return Status.FromString(answer.body).message


def test_spans_are_stored_with_what_was_sent(running: Viewer) -> None:
    trace_id = os.urandom(16)
    request = otlp.traces(trace_id=trace_id, attributes={"http.route": "/checkout", "n": 3})
    answer = running.post("/v1/traces", request.SerializeToString())
    assert (answer.status, answer.headers["content-type"]) == (200, PROTOBUF)
    assert not ExportTraceServiceResponse.FromString(answer.body).HasField("partial_success")
    found = eventually(
        lambda: running.get(f"/api/traces/{trace_id.hex()}").status == 200, "the trace"
    )
    assert found
    trace = running.json(f"/api/traces/{trace_id.hex()}")
    assert "/checkout" in json.dumps(trace)


def test_json_has_its_ids_in_hex_and_is_answered_in_json(running: Viewer) -> None:
    trace_id, now = os.urandom(16).hex().upper(), time.time_ns()
    span = {
        "traceId": trace_id,
        "spanId": os.urandom(8).hex(),
        "name": "from a browser",
        "kind": 2,
        "startTimeUnixNano": str(now),
        "endTimeUnixNano": str(now + 5),
        "attributes": [{"key": "n", "value": {"intValue": "7"}}],
        "unknownField": True,
    }
    body = json.dumps({"resourceSpans": [{"scopeSpans": [{"spans": [span]}]}]}).encode()
    answer = running.post("/v1/traces", body, "application/json; charset=utf-8")
    assert (answer.status, answer.headers["content-type"]) == (200, "application/json")
    assert json.loads(answer.body) == {}
    path = f"/api/traces/{trace_id.lower()}"
    eventually(lambda: running.get(path).status == 200, "the trace")


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"{", "is not JSON"),
        (b"[]", "is no object"),
        (b'{"resourceSpans": 3}', "is no ExportTraceServiceRequest"),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": "xyz"}]}]}]}', "'xyz'"),
        (b'{"resourceSpans": [{"scopeSpans": [{"spans": [{"spanId": "AAAA"}]}]}]}', "16 hex"),
        (b'{"a":' * 5_000 + b"1" + b"}" * 5_000, "JSON"),
    ],
)
def test_json_that_is_none_is_refused_with_the_reason(kept: Viewer, body: bytes, says: str) -> None:
    answer = kept.post("/v1/traces", body, "application/json")
    assert (answer.status, answer.headers["content-type"]) == (400, "application/json")
    assert says in json.loads(answer.body)["message"]


def test_gzip_is_inflated(kept: Viewer) -> None:
    before = kept.rows("logs")
    body = gzip.compress(otlp.logs().SerializeToString())
    assert kept.post("/v1/logs", body, content_encoding="gzip").status == 200
    kept.stored("logs", before + 1)


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics"])
def test_bytes_that_are_no_otlp_are_refused(kept: Viewer, path: str) -> None:
    answer = kept.post(path, b"\xff\xfe this is not protobuf")
    assert answer.status == 400
    assert "is not a complete Export" in said(answer)


def test_a_request_cut_short_is_refused(kept: Viewer) -> None:
    whole = otlp.traces(20).SerializeToString()
    assert kept.post("/v1/traces", whole[:-7]).status == 400
    cut = gzip.compress(whole)[:-9]
    answer = kept.post("/v1/traces", cut, content_encoding="gzip")
    assert answer.status == 400
    assert "ends too early" in said(answer)


def test_what_claims_to_be_gzip_and_is_not_is_refused(kept: Viewer) -> None:
    answer = kept.post("/v1/traces", otlp.traces().SerializeToString(), content_encoding="gzip")
    assert answer.status == 400
    assert "is not gzip" in said(answer)


def test_an_oversize_request_is_refused_and_the_sender_can_read_why(kept: Viewer) -> None:
    answer = kept.post("/v1/traces", bytes(17 * MIB))
    assert answer.status == 413
    assert "16 MiB" in said(answer)


def test_a_gzip_bomb_is_refused_before_it_fills_the_memory(kept: Viewer) -> None:
    bomb = gzip.compress(bytes(512 * MIB))
    assert len(bomb) < MIB
    before = resident(kept)
    answer = kept.post("/v1/logs", bomb, content_encoding="gzip")
    assert answer.status == 413
    assert "64 MiB" in said(answer)
    assert resident(kept) - before < 160 * MIB


def test_nested_gzip_members_do_not_get_past_the_limit(kept: Viewer) -> None:
    bomb = gzip.compress(bytes(MIB)) * 80
    assert kept.post("/v1/logs", bomb, content_encoding="gzip").status == 413


def resident(running: Viewer) -> int:
    return psutil.Process(running.process.pid).memory_info().rss


def test_unknown_kinds_of_content_are_refused_by_name(kept: Viewer) -> None:
    answer = kept.post("/v1/traces", b"x", "text/plain")
    assert answer.status == 415
    assert "'text/plain'" in json.loads(answer.body)["message"]
    answer = kept.post("/v1/traces", b"x", content_encoding="br")
    assert answer.status == 415
    assert "'br'" in said(answer)


def test_only_otlps_own_paths_and_post_are_answered(running: Viewer) -> None:
    assert running.post("/v1/profiles", b"").status == 404
    assert running.post("/", b"").status == 404
    from_url = f"http://127.0.0.1:{running.otlp_http}/v1/traces"
    assert ask(from_url).status == 405


def test_a_part_that_cannot_be_stored_is_reported_and_the_rest_kept(running: Viewer) -> None:
    before = running.rows("spans")
    request = otlp.traces(3)
    spans = request.resource_spans[0].scope_spans[0].spans
    spans[0].trace_id = b"short"
    spans[1].start_time_unix_nano = 2**64 - 1
    answer = running.post("/v1/traces", request.SerializeToString())
    assert answer.status == 200
    partial = ExportTraceServiceResponse.FromString(answer.body).partial_success
    assert partial.rejected_spans == 2
    assert "73686f7274" in partial.error_message
    running.stored("spans", before + 1)


def test_a_request_sent_again_is_acknowledged_and_stored_once(running: Viewer) -> None:
    spans, logs = running.rows("spans"), running.rows("logs")
    trace, log = otlp.traces(4).SerializeToString(), otlp.logs().SerializeToString()
    for _ in range(3):
        assert running.post("/v1/traces", trace).status == 200
        assert running.post("/v1/logs", log).status == 200
    other_batch = otlp.traces(1)
    other_batch.MergeFromString(trace)
    assert running.post("/v1/traces", other_batch.SerializeToString()).status == 200
    running.stored("spans", spans + 5)
    running.stored("logs", logs + 1)


def test_spans_may_come_late_and_in_any_order(running: Viewer) -> None:
    trace_id, ids = os.urandom(16), [os.urandom(8) for _ in range(3)]
    hour = 3_600_000_000_000
    began = time.time_ns() - hour
    # Grandchild, root, child; the whole of it an hour ago.
    for number in (2, 0, 1):
        request = otlp.traces(
            trace_id=trace_id,
            span_id=ids[number],
            parent_span_id=ids[number - 1] if number else b"",
            start_time_unix_nano=began + number,
            end_time_unix_nano=began + 10 - number,
        )
        assert running.post("/v1/traces", request.SerializeToString()).status == 200
    path = f"/api/traces/{trace_id.hex()}"

    def spans() -> list[dict[str, str]]:
        found = (
            json.loads(running.get(path).body)["batches"] if running.get(path).status == 200 else []
        )
        return [span for batch in found for each in batch["scopeSpans"] for span in each["spans"]]

    eventually(lambda: len(spans()) == 3, "the whole trace")
    start, end = str(began // 10**9 - 5), str(began // 10**9 + 5)
    found = running.json("/api/search", q="{}", start=start, end=end)["traces"]
    (mine,) = [each for each in found if each["traceID"].rjust(32, "0") == trace_id.hex()]
    assert mine["rootServiceName"] == "orders"


def test_a_sender_that_hangs_up_midway_harms_nobody(kept: Viewer) -> None:
    head = b"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-length: 1000\r\n"
    with socket.create_connection(("127.0.0.1", kept.otlp_http)) as sender:
        sender.sendall(head + b"content-type: application/x-protobuf\r\n\r\n" + b"x" * 10)


def test_what_was_refused_and_why_stands_in_the_status(running: Viewer) -> None:
    running.post("/v1/metrics", b"\xff")
    refused = running.json("/api/status")["received"]["refused"]
    found = [each for each in refused if (each["signal"], each["status"]) == ("metrics", 400)]
    assert found[0]["requests"] >= 1
    assert "ExportMetricsServiceRequest" in found[0]["last_reason"]
    metrics = running.get("/metrics").body.decode()
    assert 'sightline_refused_requests_total{signal="metrics",status="400"}' in metrics


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": "evil.example:3000"},
        {"origin": "https://evil.example"},
        {"origin": "null"},
    ],
)
def test_a_foreign_page_or_a_bent_name_gets_nothing(
    running: Viewer, headers: dict[str, str]
) -> None:
    assert running.get("/api/status", headers).status == 403
    body = otlp.traces().SerializeToString()
    assert running.post("/v1/traces", body, **headers).status == 403


def test_each_answer_carries_the_security_headers(running: Viewer) -> None:
    for path in ("/", "/healthz", "/api/v1/query?query=1", "/nowhere"):
        headers = running.get(path).headers
        assert "default-src" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"


def test_json_and_protobuf_of_one_span_are_the_same_rows(running: Viewer) -> None:
    request = otlp.traces(attributes={"a": [1, True, {"b": "c"}], "d": 1.5, "e": b"\x01\xff"})
    span = request.resource_spans[0].scope_spans[0].spans[0]
    as_json = json_format.MessageToDict(request)
    found = as_json["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    other = os.urandom(16)
    found["traceId"], found["spanId"] = other.hex(), span.span_id.hex()
    assert running.post("/v1/traces", request.SerializeToString()).status == 200
    body = json.dumps(as_json).encode()
    assert running.post("/v1/traces", body, "application/json").status == 200

    def attributes(trace_id: bytes) -> str:
        path = f"/api/traces/{trace_id.hex()}"
        eventually(lambda: running.get(path).status == 200, "the trace")
        batch = running.json(path)["batches"][0]
        return json.dumps(batch["scopeSpans"][0]["spans"][0]["attributes"], sort_keys=True)

    assert attributes(span.trace_id) == attributes(other)
