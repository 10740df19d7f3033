"""What exists once for a process: settings, providers, pump, queues; built by the first app."""

import atexit
import sys
from collections.abc import Callable, Mapping
from typing import Any

from opentelemetry._logs import SeverityNumber
from opentelemetry.sdk._logs import ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits
from opentelemetry.trace import get_current_span
from prometheus_client import REGISTRY
from starlette.types import Message, Send

from sightline.telemetry.client_instrumentations import activate_client_instrumentations
from sightline.telemetry.events import LogEvent
from sightline.telemetry.exchange import Exchange
from sightline.telemetry.lines import console_lines, json_lines
from sightline.telemetry.logs import EventSink, install_logging, take_over_uvicorn
from sightline.telemetry.otlp.health import EndpointHealth
from sightline.telemetry.otlp.logs import encode_log
from sightline.telemetry.otlp.outbox import Outbox
from sightline.telemetry.otlp.request import Scope, encode_resource
from sightline.telemetry.otlp.spans import SpanEncoder
from sightline.telemetry.otlp.transport import open_transport
from sightline.telemetry.pump import Pump
from sightline.telemetry.redaction import Redactor
from sightline.telemetry.request_span import RequestSpan
from sightline.telemetry.resource import describe_process
from sightline.telemetry.self_metrics import TelemetryCollector
from sightline.telemetry.settings import ExportSettings, Settings, read_settings
from sightline.telemetry.tracing import install_logs, install_tracing

_EXIT_SECONDS = 3.0
_EXIT_SECONDS_AWAY = 0.5
_SERVER_SCOPE = Scope("sightline.telemetry")
_INFO = 20


class Runtime:
    def __init__(self, settings: Settings, resource: Resource) -> None:
        self.settings = settings
        self.resource = resource
        self.redactor = Redactor(settings.redact_keys, settings.value_limit)
        self._encoder = SpanEncoder(self.redactor)
        service = str(resource.attributes["service.name"])
        self._render = (
            console_lines(service, colour=sys.stdout.isatty())
            if settings.console
            else json_lines(service)
        )
        self._lines: list[bytes] = []
        self.taps: list[Any] = []
        self.pump = Pump(self._write_lines, self._report)
        self.sink = EventSink(self.redactor, self._emit, settings.level)
        self._healths: dict[str, EndpointHealth] = {}
        encoded = encode_resource(resource.attributes)
        self.traces = self._outbox(settings.traces, encoded)
        self.logs = self._outbox(settings.logs, encoded)
        self._stopped = False
        RequestSpan.limits = SpanLimits()
        RequestSpan._resource = resource  # noqa: SLF001 — the same for each request span
        self.sampler, self._provider = None, None
        if not settings.disabled:
            self._provider, self.sampler = install_tracing(resource, self.hand_span)
            install_logs(resource, self.hand_log_record)

    def _outbox(self, settings: ExportSettings, resource: bytes) -> Outbox | None:
        if not settings.enabled:
            return None
        base = settings.endpoint.removesuffix(f"/v1/{settings.signal}")
        health = self._healths.setdefault(base, EndpointHealth(base, self.sink.say))
        return Outbox(settings, resource, open_transport(settings), health)

    @property
    def outboxes(self) -> list[Outbox]:
        return [outbox for outbox in (self.traces, self.logs) if outbox is not None]

    @property
    def observers(self) -> Any:
        """Span processors that users have added to the provider, if any."""
        if self._provider is None:
            return None
        active = self._provider._active_span_processor  # noqa: SLF001 — no accessor
        others = len(active._span_processors) > 1  # noqa: SLF001 — same
        return active if others else None

    # What requests, loggers and spans call.

    def _emit(self, event: LogEvent) -> None:
        self.pump.put((self.write_event, event))

    def hand_span(self, span: ReadableSpan) -> None:
        if not isinstance(span, RequestSpan):
            self.pump.put((self.write_span, span))

    def hand_log_record(self, record: ReadWriteLogRecord) -> None:
        data = record.log_record
        span = get_current_span(data.context).get_span_context() if data.context else None
        level = _python_level(data.severity_number)
        fields = self.redactor.fields(data.attributes or {})
        name = self.redactor.text(
            str(data.body if data.body is not None else data.event_name or "")
        )
        scope = record.instrumentation_scope
        event = LogEvent(
            data.timestamp or data.observed_timestamp or 0, level, scope.name if scope else "",
            name, None, span if span is not None and span.is_valid else None, fields,
        )  # fmt: skip
        self._emit(event)

    # What the pump calls.

    def write_event(self, event: LogEvent) -> None:
        if self.taps:
            for tap in self.taps:
                tap.event(event)
            return
        self._lines.append(self._render(event))
        if self.logs is not None:
            self.logs.put(Scope(event.logger), encode_log(event))

    def write_span(self, span: ReadableSpan) -> None:
        if self.taps:
            for tap in self.taps:
                tap.span(span)
        elif self.traces is not None:
            about = span.instrumentation_scope
            scope = (
                Scope(about.name, about.version or "", about.schema_url or "")
                if about
                else _SERVER_SCOPE
            )
            self.traces.put(scope, self._encoder.encode(span))

    def write_exchange(self, exchange: Exchange) -> None:
        seconds = exchange.ended - exchange.started
        if self.settings.level <= _INFO:
            self.write_event(exchange.access_event(seconds, self.redactor))
        span = exchange.span
        if span is None:
            return
        if self.traces is None and not self.taps and self.observers is None:
            return
        group = exchange.span_group()
        span.varying = exchange.varying_attributes()
        plain = span.own is None and not self.taps and self.observers is None
        if plain and self.traces is not None:
            steady = None if self._encoder.knows(group) else exchange.steady_attributes()
            record = self._encoder.encode_grouped(span, group, steady, span.varying)
            self.traces.put(_SERVER_SCOPE, record)
            return
        span.steady = exchange.steady_attributes()
        if self.observers is not None:
            self.observers.on_end(span)
        self.write_span(span)

    def _write_lines(self) -> None:
        if not self._lines:
            return
        data = b"".join(self._lines)
        self._lines.clear()
        out = sys.stdout
        try:
            binary = getattr(out, "buffer", None)
            if binary is not None:
                binary.write(data)
            else:
                out.write(data.decode())
            out.flush()
        except (OSError, ValueError):
            return  # standard output is closed: there is nowhere left to say so

    def _report(self, error: Exception) -> None:
        sys.stderr.write(f"sightline.telemetry: a record was lost: {error!r}\n")

    # Beginning and end.

    def lifespan_send(self, send: Send) -> Send:
        take_over_uvicorn()

        async def send_and_flush(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                take_over_uvicorn()
            elif message["type"] in {"lifespan.shutdown.complete", "lifespan.shutdown.failed"}:
                # uvicorn ends by the signal it got: no atexit, so this is the last sure moment.
                self.end()
            await send(message)

        return send_and_flush

    def flush(self, timeout: float = _EXIT_SECONDS) -> None:
        self.pump.flush()
        for outbox in self.outboxes:
            outbox.flush(timeout)

    def end(self) -> None:
        """Sends what waits; whatever is logged later is written and sent at once."""
        self.pump.stop()
        for outbox in self.outboxes:
            away = any(health.away for health in self._healths.values())
            outbox.flush(_EXIT_SECONDS_AWAY if away else _EXIT_SECONDS / 2)
        self.pump.flush()


def _python_level(severity: SeverityNumber | None) -> int:
    if severity is None or severity.value == 0:
        return _INFO
    return min((severity.value - 1) // 4, 5) * 10


class _Holder:
    runtime: Runtime | None = None


def current_runtime() -> Runtime:
    if _Holder.runtime is None:
        raise RuntimeError("instrument(app) has not been called in this process")
    return _Holder.runtime


def ensure_runtime(build: Callable[[], Runtime]) -> Runtime:
    if _Holder.runtime is None:
        _Holder.runtime = runtime = build()
        install_logging(lambda: current_runtime().sink, runtime.settings.level)
        REGISTRY.register(TelemetryCollector(lambda: current_runtime().outboxes))
        if not runtime.settings.disabled:
            activate_client_instrumentations()
        atexit.register(lambda: current_runtime().end())
    return _Holder.runtime


def build_runtime(
    service_name: str | None, resource: Mapping[str, str], redact_keys: tuple[str, ...]
) -> Runtime:
    settings = read_settings(redact_keys)
    return Runtime(settings, describe_process(service_name, resource))
