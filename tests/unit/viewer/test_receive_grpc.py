"""What comes by gRPC is bounded: connections, calls, how long and how large a message may be."""

import asyncio
import contextlib
import re
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import grpc
import grpc.aio
import otlp_requests as otlp
import pytest
from loopback import free_ports
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from sightline.viewer.receive import grpc_server
from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Store

pytestmark = pytest.mark.anyio
EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"


@pytest.fixture(scope="module")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="module", autouse=True)
async def one_loop() -> None:
    """For all tests, since gRPC stays with the first event loop of a process."""


@asynccontextmanager
async def listening(receiver: Receiver) -> AsyncIterator[int]:
    (port,) = free_ports(1)
    async with grpc_server.otlp_grpc(receiver, "127.0.0.1", port):
        yield port


@asynccontextmanager
async def silent_calls(port: int, count: int) -> AsyncIterator[list[Any]]:
    """Begun, with no message yet."""
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        calls = [channel.stream_unary(EXPORT)() for _ in range(count)]
        yield calls
        for call in calls:
            call.cancel()


def lower(monkeypatch: pytest.MonkeyPatch, option: str, value: int) -> None:
    options = dict(grpc_server._OPTIONS)
    assert options[option] > value
    monkeypatch.setattr(grpc_server, "_OPTIONS", tuple({**options, option: value}.items()))


async def exported(port: int) -> None:
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        await TraceServiceStub(channel).Export(otlp.traces(), timeout=10)


async def test_a_call_that_sends_nothing_gives_its_place_to_the_next(
    receiver: Receiver, store: Store, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_server, "MESSAGE_SECONDS", 0.3)
    monkeypatch.setattr(grpc_server, "MOST_AT_ONCE", 2)
    async with listening(receiver) as port, silent_calls(port, 2) as calls:
        refusals = await asyncio.gather(*calls, return_exceptions=True)
        for refused in refusals:
            assert isinstance(refused, grpc.RpcError)
            assert refused.code() is grpc.StatusCode.UNAVAILABLE
            assert re.search(r"longer than 0\.\d s", refused.details())
        await exported(port)
    store.flush()
    assert store.query("SELECT count(*) FROM spans") == [(1,)]
    assert tally.refusals["traces", 503].requests == 2


async def test_calls_that_send_nothing_give_way_to_those_that_wait(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_server, "HURRIED_SECONDS", 0.2)
    async with listening(receiver) as port, silent_calls(port, 3 * grpc_server.MOST_AT_ONCE):
        await asyncio.sleep(0.5)
        began = time.monotonic()
        await exported(port)
        assert time.monotonic() - began < grpc_server.MESSAGE_SECONDS / 2


async def test_a_call_whose_message_is_late_is_waited_for_while_nobody_else_waits(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_server, "HURRIED_SECONDS", 0.1)

    async def late() -> AsyncIterator[bytes]:
        await asyncio.sleep(0.5)
        yield otlp.traces().SerializeToString()

    async with (
        listening(receiver) as port,
        silent_calls(port, grpc_server.MOST_AT_ONCE - 1),
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        await channel.stream_unary(EXPORT)(late(), timeout=10)


@pytest.mark.parametrize("waiting", [9, 50, 400])
async def test_whoever_waits_has_its_turn_within_half_of_a_senders_time(waiting: int) -> None:
    turns = waiting / grpc_server.MOST_AT_ONCE
    assert grpc_server.hurried_seconds(waiting) <= grpc_server.HURRIED_SECONDS
    assert turns * grpc_server.hurried_seconds(waiting) <= grpc_server.MESSAGE_SECONDS / 2


async def test_more_calls_than_there_is_room_for_are_told_to_come_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grpc_server, "MOST_WAITING", 3)
    async with listening(receiver) as port, silent_calls(port, 4) as calls:
        done, _ = await asyncio.wait(
            [asyncio.ensure_future(call) for call in calls],
            timeout=10,
            return_when=asyncio.FIRST_COMPLETED,
        )
        (refused,) = [each.exception() for each in done]
        assert isinstance(refused, grpc.RpcError)
        assert refused.code() is grpc.StatusCode.UNAVAILABLE
        assert "busy receiving" in refused.details()


async def test_a_call_that_ends_without_a_message_is_no_request(receiver: Receiver) -> None:
    async def nothing() -> AsyncIterator[bytes]:
        for each in ():
            yield each

    async with (
        listening(receiver) as port,
        grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel,
    ):
        with pytest.raises(grpc.RpcError) as refused:
            await channel.stream_unary(EXPORT)(nothing(), timeout=10)
        assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT


async def test_more_connections_than_there_is_room_for_are_ended_at_once(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    lower(monkeypatch, "grpc.max_allowed_incoming_connections", 2)
    async with listening(receiver) as port, contextlib.AsyncExitStack() as held:
        for _ in range(2):
            own = [("grpc.use_local_subchannel_pool", 1)]
            channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=own)
            await held.enter_async_context(channel)
            await TraceServiceStub(channel).Export(otlp.traces(), timeout=10)
        with socket.create_connection(("127.0.0.1", port)) as late:
            late.settimeout(10)
            assert await asyncio.to_thread(_ended, late)


async def test_a_connection_that_says_nothing_is_ended(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    lower(monkeypatch, "grpc.server_handshake_timeout_ms", 300)
    async with listening(receiver) as port:
        with socket.create_connection(("127.0.0.1", port)) as silent:
            silent.settimeout(10)
            assert await asyncio.to_thread(_ended, silent)


def _ended(connection: socket.socket) -> bool:
    """Whatever the server says first."""
    try:
        while connection.recv(1_000):
            pass
    except ConnectionError:
        pass
    return True
