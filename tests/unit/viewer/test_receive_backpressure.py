"""A full queue is said aloud: 503 with Retry-After, UNAVAILABLE, and nothing half taken."""

from typing import Any

import grpc.aio
import otlp_requests as otlp
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from viewer_process import free_ports

from sightline.viewer.receive.grpc_server import otlp_grpc
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


async def test_grpc_says_unavailable(receiver: Receiver, store: Store) -> None:
    (port,) = free_ports(1)
    store.reserve(QUEUE_BYTES)
    async with (
        otlp_grpc(receiver, "127.0.0.1", port),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        stub = TraceServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as refused:
            await stub.Export(otlp.traces())
        assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
        store.release(QUEUE_BYTES)
        await stub.Export(otlp.traces())
    store.flush()
    assert store.query("SELECT count(*) FROM spans") == [(1,)]


async def test_a_request_that_fails_to_decode_gives_its_room_back(
    receiver: Receiver, store: Store
) -> None:
    for _ in range(3):
        assert (await post(receiver, b"\xff" * 1000))[0] == 400
    assert store.writer.queued_bytes == 0
