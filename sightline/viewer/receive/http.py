"""OTLP over HTTP as a small ASGI application: `POST /v1/traces`, `/v1/logs`, `/v1/metrics`."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from typing import Any

from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status

from sightline.viewer.receive.body import Held, read_body
from sightline.viewer.receive.keys import Keys
from sightline.viewer.receive.problems import Busy, Malformed, Refused, Unauthenticated, Unsupported
from sightline.viewer.receive.receiver import Receiver

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
_MAX_DRAINED = 64 * 1024 * 1024
_DRAIN_SECONDS = 5.0
_PREFIX = "/v1/"
_RETRY_AFTER = (b"retry-after", b"1")
# What google.rpc.Status calls the HTTP statuses that we send.
_RPC_CODES = {400: 3, 401: 16, 403: 7, 404: 12, 405: 12, 413: 3, 415: 3, 503: 14}


class OtlpHttp:
    """Answers in the encoding of the request, as OTLP asks."""

    def __init__(self, receiver: Receiver, keys: Keys | None = None) -> None:
        self._receiver = receiver
        self._keys = keys or Keys()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            raise RuntimeError(f"OTLP comes by HTTP, not by {scope['type']}")
        name = str(scope["path"]).removeprefix(_PREFIX)
        if not str(scope["path"]).startswith(_PREFIX) or name not in self._receiver.signals:
            paths = ", ".join(_PREFIX + signal for signal in self._receiver.signals)
            return await _refuse(send, JSON, 404, f"OTLP is received at {paths}")
        if scope["method"] != "POST":
            return await _refuse(send, JSON, 405, "OTLP is sent with POST")
        headers = {key.lower(): value.decode("latin-1") for key, value in scope["headers"]}
        kind = headers.get(b"content-type", "").partition(";")[0].strip().lower()
        return await self._answer(name, kind, headers, receive, send)

    async def _answer(
        self, name: str, kind: str, headers: dict[bytes, str], receive: Receive, send: Send
    ) -> None:
        incoming = _Incoming(receive)
        try:
            self._keys.require({key.decode("latin-1"): value for key, value in headers.items()})
            if kind not in {PROTOBUF, JSON}:
                raise Unsupported(f"content-type {kind!r} is not known; send {PROTOBUF} or {JSON}")
            encoding = headers.get(b"content-encoding", "").strip().lower()
            with Held() as held:
                raw = await read_body(incoming.chunks(), encoding, held)
                response = await self._receiver.receive(name, raw, json=kind == JSON)
        except Refused as refused:
            self._receiver.note(name, refused)
            if not isinstance(refused, Unauthenticated):
                await incoming.drain()
            await _refuse(send, kind, refused.status, refused.message)
        else:
            await _send(send, 200, kind, _encoded(response, kind))


class _Incoming:
    """A request's body as it comes in."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._ended = False

    async def chunks(self) -> AsyncIterator[bytes]:
        while not self._ended:
            chunk = await self._next()
            if chunk is None:
                raise Malformed("the sender hung up before its request was complete")
            yield chunk

    async def drain(self) -> None:
        """Let the sender finish, within bounds: one that still sends does not see our answer."""
        left = _MAX_DRAINED
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_DRAIN_SECONDS):
                while left > 0 and not self._ended:
                    left -= len(await self._next() or b"")

    async def _next(self) -> bytes | None:
        message = await self._receive()
        gone = message["type"] == "http.disconnect"
        self._ended = gone or not message.get("more_body", False)
        return None if gone else message.get("body", b"")


async def _refuse(send: Send, kind: str, status: int, message: str) -> None:
    body = _encoded(Status(code=_RPC_CODES[status], message=message), kind)
    await _send(send, status, kind if kind == PROTOBUF else JSON, body)


async def _send(send: Send, status: int, kind: str, body: bytes) -> None:
    headers = [(b"content-type", kind.encode()), (b"content-length", b"%d" % len(body))]
    if status == Busy.status:
        headers.append(_RETRY_AFTER)
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _encoded(message: Message, kind: str) -> bytes:
    if kind == PROTOBUF:
        return message.SerializeToString()
    return json_format.MessageToJson(message, indent=None).encode()
