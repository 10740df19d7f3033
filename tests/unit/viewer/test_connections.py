"""Who connects and asks nothing is hung up on; who asks is not, however long that takes."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest

from sightline.viewer import connections
from sightline.viewer.server import _listening

pytestmark = pytest.mark.anyio
HEAD = b"GET / HTTP/1.1\r\nhost: localhost\r\n"
Send = Callable[[dict[str, Any]], Awaitable[None]]


async def slow(scope: Any, receive: Any, send: Send) -> None:
    await asyncio.sleep(2.5)
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@asynccontextmanager
async def listening() -> AsyncIterator[tuple[str, int]]:
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        async with _listening(slow, bound):
            yield bound.getsockname()


async def said(address: tuple[str, int], text: bytes) -> bytes:
    reader, writer = await asyncio.open_connection(*address)
    writer.write(text)
    try:
        return await asyncio.wait_for(reader.read(1_000), 20)
    finally:
        writer.close()


@pytest.mark.parametrize("text", [b"", b"GET /", HEAD + b"x: y"])
async def test_a_connection_without_a_request_is_ended(
    monkeypatch: pytest.MonkeyPatch, text: bytes
) -> None:
    monkeypatch.setattr(connections, "SILENT_SECONDS", 0.2)
    async with listening() as address:
        assert await said(address, text) == b""


async def test_a_request_may_take_longer_than_that(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(connections, "SILENT_SECONDS", 2.0)
    async with listening() as address:
        assert b" 204 " in await said(address, HEAD + b"\r\n")


async def test_more_connections_than_there_is_room_for_are_ended_at_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connections, "MOST", 2)
    async with listening() as address:
        held = [await asyncio.open_connection(*address) for _ in range(2)]
        assert await said(address, b"") == b""
        for _, writer in held:
            writer.close()
