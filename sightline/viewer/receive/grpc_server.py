"""OTLP over gRPC: the three services, their requests taken as bytes by the same receiver."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from sightline.viewer.config import SettingError, variable
from sightline.viewer.connections import MOST, SILENT_SECONDS
from sightline.viewer.receive.body import MAX_HELD
from sightline.viewer.receive.keys import Keys
from sightline.viewer.receive.problems import Busy, Malformed, Refused, Unauthenticated
from sightline.viewer.receive.receiver import Receiver

_SERVICES = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
}
_FINISH_SECONDS = 5
MAX_MESSAGE = 16 * 1024 * 1024  # four times what other receivers take unless told otherwise
MOST_AT_ONCE = MAX_HELD // MAX_MESSAGE  # messages that come in; more wait, in the sender's hands
MOST_WAITING = 400  # requests; more are told to come again
MESSAGE_SECONDS = 10.0  # the standard's timeout of senders
HURRIED_SECONDS = 2.0  # for a message to come in while others wait
_IDLE_SECONDS = 600
_PING_SECONDS = 60
_OPTIONS = (
    # gRPC measures a message after decompression.
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_allowed_incoming_connections", MOST),
    ("grpc.max_concurrent_streams", 100),  # of a connection
    ("grpc.server_handshake_timeout_ms", int(SILENT_SECONDS * 1000)),
    ("grpc.max_connection_idle_ms", _IDLE_SECONDS * 1000),
    # Whether the other end is still there, where it says nothing.
    ("grpc.keepalive_time_ms", _PING_SECONDS * 1000),
    ("grpc.so_reuseport", 0),
)


@contextlib.asynccontextmanager
async def otlp_grpc(
    receiver: Receiver, host: str, port: int, keys: Keys | None = None
) -> AsyncIterator[None]:
    """Listen; on leaving, take no more and finish what is under way."""
    server = grpc.aio.server(options=_OPTIONS, interceptors=(_Admission(receiver, keys or Keys()),))
    incoming = _Incoming()
    for signal, service in _SERVICES.items():
        # As a stream, so that it is we who say when the one message is received.
        handler: Any = grpc.stream_unary_rpc_method_handler(_exporter(receiver, signal, incoming))
        server.add_generic_rpc_handlers(
            (grpc.method_handlers_generic_handler(service, {"Export": handler}),)
        )
    address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    try:
        server.add_insecure_port(address)
    except RuntimeError as error:
        raise SettingError(
            f"port {port} cannot be taken for OTLP over gRPC. Stop what holds it, or choose"
            f" another: --otlp-grpc-port {port % 50_000 + 10_000} ({variable('otlp-grpc-port')})"
        ) from error
    await server.start()
    try:
        yield
    finally:
        await server.stop(_FINISH_SECONDS)


class _Admission(grpc.aio.ServerInterceptor):
    """Turns away who shows no key, before anything of the request is read."""

    def __init__(self, receiver: Receiver, keys: Keys) -> None:
        self._receiver = receiver
        self._keys = keys

    async def intercept_service(self, continuation: Any, details: Any) -> Any:
        shown = {key: value for key, value in details.invocation_metadata if isinstance(value, str)}
        try:
            self._keys.require(shown)
        except Unauthenticated as refused:
            self._receiver.note(_signal_of(details.method), refused)
            # As a stream, so that the message is not awaited first.
            return grpc.stream_unary_rpc_method_handler(_refuser(refused))
        return await continuation(details)


def _refuser(refused: Refused) -> Callable[[Any, Any], Awaitable[bytes]]:
    async def refuse(_: Any, context: Any) -> bytes:
        await context.abort(grpc.StatusCode.UNAUTHENTICATED, refused.message)
        raise refused  # never reached: abort raises

    return refuse


def _signal_of(method: str) -> str:
    service = method.strip("/").partition("/")[0]
    return next((signal for signal, name in _SERVICES.items() if name == service), "unknown")


class _Incoming:
    """Messages on their way in, of all requests together.

    gRPC tells nothing of a message before all of it is there, so each has a place for the largest.
    While others wait, whoever has a place and sends nothing or little gives way soon.
    """

    def __init__(self) -> None:
        self._under_way = 0
        self._places = asyncio.Semaphore(MOST_AT_ONCE)
        self._begun: dict[asyncio.Timeout, float] = {}  # of those that have a place, since when

    async def request_of(self, context: Any) -> bytes:
        """The one message of a call."""
        if self._under_way >= MOST_WAITING:
            raise Busy("the viewer is busy receiving; send this again in a second")
        self._under_way += 1
        began = time.monotonic()
        try:
            async with asyncio.timeout(MESSAGE_SECONDS) as limit:
                self._hurry()
                async with self._places:
                    raw = await self._read(context, limit)
        except TimeoutError:
            took = time.monotonic() - began
            raise Busy(f"the request took longer than {took:.1f} s to come in") from None
        finally:
            self._under_way -= 1
        if not isinstance(raw, bytes):
            raise Malformed("the call ended without a request")
        return raw

    async def _read(self, context: Any, limit: asyncio.Timeout) -> Any:
        self._begun[limit] = asyncio.get_running_loop().time()
        try:
            self._hurry()
            return await context.read()
        finally:
            del self._begun[limit]

    def _hurry(self) -> None:
        """If some wait, those that have a place."""
        if self._under_way <= MOST_AT_ONCE:
            return
        seconds = hurried_seconds(self._under_way)
        for limit, begun in self._begun.items():
            end = limit.when()
            if end is not None and end > begun + seconds and not limit.expired():
                limit.reschedule(begun + seconds)


def hurried_seconds(under_way: int) -> float:
    """So few that all who wait have their turn within half of their time."""
    return min(HURRIED_SECONDS, MESSAGE_SECONDS / 2 * MOST_AT_ONCE / under_way)


def _exporter(
    receiver: Receiver, signal: str, incoming: _Incoming
) -> Callable[[Any, Any], Awaitable[bytes]]:
    async def export(_: Any, context: Any) -> bytes:
        try:
            raw = await incoming.request_of(context)
            # A sender that hangs up midway does not undo what is half taken.
            response = await asyncio.shield(receiver.receive(signal, raw))
        except Refused as refused:
            receiver.note(signal, refused)
            busy = isinstance(refused, Busy)
            code = grpc.StatusCode.UNAVAILABLE if busy else grpc.StatusCode.INVALID_ARGUMENT
            await context.abort(code, refused.message)
            raise  # never reached: abort raises
        return response.SerializeToString()

    return export
