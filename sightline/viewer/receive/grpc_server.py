"""OTLP over gRPC: the three services, their requests taken as bytes by the same receiver."""

import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import grpc
import grpc.aio

from sightline.viewer.config import SettingError, variable
from sightline.viewer.receive.body import MAX_INFLATED
from sightline.viewer.receive.problems import Busy, Refused
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
async def otlp_grpc(receiver: Receiver, host: str, port: int) -> AsyncIterator[None]:
    """Listen; on leaving, take no more and finish what is under way."""
    server = grpc.aio.server(options=_OPTIONS)
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


def _exporter(receiver: Receiver, signal: str) -> Callable[[bytes, Any], Awaitable[bytes]]:
    async def export(raw: bytes, context: Any) -> bytes:
        try:
            response = await receiver.receive(signal, raw)
        except Refused as refused:
            receiver.note(signal, refused)
            busy = isinstance(refused, Busy)
            code = grpc.StatusCode.UNAVAILABLE if busy else grpc.StatusCode.INVALID_ARGUMENT
            await context.abort(code, refused.message)
            raise  # never reached: abort raises
        return response.SerializeToString()

    return export
