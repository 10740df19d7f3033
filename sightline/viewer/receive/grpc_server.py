"""OTLP over gRPC: the three services, their requests taken as bytes by the same receiver."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from sightline.viewer.config import SettingError, variable
from sightline.viewer.receive.body import MAX_INFLATED
from sightline.viewer.receive.keys import Keys
from sightline.viewer.receive.problems import Busy, Refused, Unauthenticated
from sightline.viewer.receive.receiver import Receiver

_SERVICES = {
    "traces": "opentelemetry.proto.collector.trace.v1.TraceService",
    "metrics": "opentelemetry.proto.collector.metrics.v1.MetricsService",
    "logs": "opentelemetry.proto.collector.logs.v1.LogsService",
}
_FINISH_SECONDS = 5
_OPTIONS = (
    # gRPC measures a message after decompression.
    ("grpc.max_receive_message_length", MAX_INFLATED),
    ("grpc.so_reuseport", 0),
)


@contextlib.asynccontextmanager
async def otlp_grpc(
    receiver: Receiver, host: str, port: int, keys: Keys | None = None
) -> AsyncIterator[None]:
    """Listen; on leaving, take no more and finish what is under way."""
    server = grpc.aio.server(options=_OPTIONS, interceptors=(_Admission(receiver, keys or Keys()),))
    for signal, service in _SERVICES.items():
        handler: Any = grpc.unary_unary_rpc_method_handler(_exporter(receiver, signal))
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


def _exporter(receiver: Receiver, signal: str) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def export(raw: bytes, context: Any) -> bytes:
        try:
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
