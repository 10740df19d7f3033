"""Carries encoded requests by OpenTelemetry's own exporters: their TLS, headers, compression.

The exporters are used for their channel; records are encoded before (see `wire`), and retrying
is the outbox's, because theirs warns on every try and cannot keep what a full queue would drop.
"""

import os
from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import grpc
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcLogs
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcSpans
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpLogs
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpSpans
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from sightline.telemetry.errors import TelemetryError
from sightline.telemetry.settings import ExportSettings


class Outcome(Enum):
    SENT = "sent"
    RETRY = "retry"
    REFUSED = "refused"


class Delivery(NamedTuple):
    """What became of one request, and why in words."""

    outcome: Outcome
    reason: str = ""


Send = Callable[[bytes, float], Delivery]

_RETRYABLE_HTTP = {429, 502, 503, 504}
_RETRYABLE_GRPC = {
    grpc.StatusCode.CANCELLED,
    grpc.StatusCode.DEADLINE_EXCEEDED,
    grpc.StatusCode.ABORTED,
    grpc.StatusCode.OUT_OF_RANGE,
    grpc.StatusCode.UNAVAILABLE,
    grpc.StatusCode.DATA_LOSS,
    grpc.StatusCode.RESOURCE_EXHAUSTED,
}
# Without these a channel may wait two minutes before it looks for a returned endpoint.
_RECONNECT: Any = (
    ("grpc.initial_reconnect_backoff_ms", 500),
    ("grpc.max_reconnect_backoff_ms", 2_000),
)


def open_transport(settings: ExportSettings) -> Send:
    try:
        return _grpc(settings) if settings.protocol == "grpc" else _http(settings)
    except (ValueError, RuntimeError, OSError) as error:
        raise TelemetryError(
            f"the OTLP exporter for {settings.signal} refuses its settings: {error}"
        ) from error


def _http(settings: ExportSettings) -> Send:
    exporter: Any = (HttpSpans if settings.signal == "traces" else HttpLogs)(
        endpoint=settings.endpoint
    )
    client = exporter._client  # noqa: SLF001 — the exporter's one way to send bytes; versions are pinned

    def send(request: bytes, timeout: float) -> Delivery:
        body = client._compress(request)  # noqa: SLF001 — see above
        result = client._submit(body, min(timeout, client._timeout))  # noqa: SLF001 — see above
        status = result.status_code
        if status is None:
            return Delivery(Outcome.RETRY, _cause(result.error))
        if 200 <= status < 300:  # noqa: PLR2004 — HTTP's own ranges
            return Delivery(Outcome.SENT)
        outcome = Outcome.RETRY if status in _RETRYABLE_HTTP else Outcome.REFUSED
        return Delivery(outcome, f"HTTP {status} {result.reason or ''}".rstrip())

    return send


def _grpc(settings: ExportSettings) -> Send:
    kind, message = (
        (GrpcSpans, ExportTraceServiceRequest)
        if settings.signal == "traces"
        else (GrpcLogs, ExportLogsServiceRequest)
    )
    parts = urlsplit(settings.endpoint)
    exporter: Any = kind(endpoint=f"{parts.scheme}://{parts.netloc}", channel_options=_RECONNECT)

    def send(request: bytes, timeout: float) -> Delivery:
        try:
            exporter._client.Export(  # noqa: SLF001 — the exporter's channel, TLS and headers
                request=message.FromString(request),
                metadata=exporter._headers,  # noqa: SLF001
                timeout=min(timeout, exporter._timeout),  # noqa: SLF001
            )
        except grpc.RpcError as error:
            code = error.code()
            outcome = Outcome.RETRY if code in _RETRYABLE_GRPC else Outcome.REFUSED
            return Delivery(outcome, f"gRPC {code.name}")
        return Delivery(Outcome.SENT)

    return send


def _cause(error: BaseException | None) -> str:
    """The plain reason at the end of the chain, such as `Connection refused`."""
    if error is None:
        return "no answer"
    seen = error
    while (inner := seen.__cause__ or seen.__context__) is not None:
        seen = inner
    number = getattr(seen, "errno", None)
    return os.strerror(number) if number else type(seen).__name__
