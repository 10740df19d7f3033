"""A full queue is said aloud: 503 with Retry-After, UNAVAILABLE, and nothing half taken."""

from pathlib import Path
from typing import Any

import grpc
import otlp_requests as otlp
import psutil
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from viewer_process import eventually, viewer

from sightline.viewer.receive.http import OtlpHttp
from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Store
from sightline.viewer.store.writer import QUEUE_BYTES

pytestmark = pytest.mark.anyio


async def post(receiver: Receiver, body: bytes) -> tuple[int, dict[bytes, bytes]]:
    sent: list[dict[str, Any]] = []
    incoming = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict[str, Any]:
        return incoming.pop()

    async def send(message: Any) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "path": "/v1/traces",
        "method": "POST",
        "headers": [(b"content-type", b"application/x-protobuf")],
    }
    await OtlpHttp(receiver)(scope, receive, send)
    return sent[0]["status"], dict(sent[0]["headers"])


async def test_http_says_503_and_when_to_come_again(
    receiver: Receiver, store: Store, tally: Tally
) -> None:
    body = otlp.traces(2).SerializeToString()
    store.reserve(QUEUE_BYTES)
    status, headers = await post(receiver, body)
    assert status == 503
    assert headers[b"retry-after"] == b"1"
    assert tally.refusals["traces", 503].requests == 1
    store.release(QUEUE_BYTES)
    # The very same request, sent again, is no duplicate: nothing of it was taken.
    assert (await post(receiver, body))[0] == 200
    store.flush()
    assert store.query("SELECT count(*) FROM spans") == [(2,)]


async def test_a_disk_that_stays_full_is_passed_on_and_nothing_is_lost(tmp_path: Path) -> None:
    """Both ways in refuse while nothing can be written, and what was accepted is stored after."""
    with (
        viewer(tmp_path) as running,
        grpc.insecure_channel(f"127.0.0.1:{running.otlp_grpc}") as channel,
    ):
        process = psutil.Process(running.process.pid)
        process.rlimit(psutil.RLIMIT_FSIZE, (1_000, psutil.RLIM_INFINITY))
        accepted, body = 0, {"text": "x" * 8_000}
        while True:
            request = otlp.traces(500, attributes=body)
            answer = running.post("/v1/traces", request.SerializeToString())
            if answer.status != 200:
                break
            accepted += 500
        assert (answer.status, answer.headers["retry-after"]) == (503, "1")
        stub = TraceServiceStub(channel)
        with pytest.raises(grpc.RpcError) as refused:
            stub.Export(otlp.traces(500, attributes=body), timeout=10)
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
        raw = request.SerializeToString()
        eventually(lambda: running.post("/v1/traces", raw).status == 200, "room", 30)
        running.stored("spans", accepted + 500)


async def test_a_request_that_fails_to_decode_gives_its_room_back(
    receiver: Receiver, store: Store
) -> None:
    for _ in range(3):
        assert (await post(receiver, b"\xff" * 1000))[0] == 400
    assert store.writer.queued_bytes == 0
