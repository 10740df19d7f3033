"""What exists once for a process: settings, providers, pump, queues; built by the first app."""

import os
import sys
import time
import uuid
import weakref
from collections.abc import Callable

from opentelemetry.sdk._logs import ReadWriteLogRecord
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, SpanLimits
from opentelemetry.trace import get_current_span
from starlette.types import ASGIApp, Message, Receive, Send
from starlette.types import Scope as AsgiScope

from sightline.telemetry import workers
from sightline.telemetry.events import LogEvent, python_level
from sightline.telemetry.logs import EventSink, take_over_uvicorn
from sightline.telemetry.otlp.health import EndpointHealth
from sightline.telemetry.otlp.outbox import Outbox
from sightline.telemetry.otlp.request import encode_resource
from sightline.telemetry.otlp.transport import open_transport
from sightline.telemetry.pump import Pump
from sightline.telemetry.records import RecordWriter
from sightline.telemetry.redaction import Redactor
from sightline.telemetry.request_span import RequestSpan
from sightline.telemetry.settings import ExportSettings, Settings
from sightline.telemetry.tracing import install_logs, install_tracing

_EXIT_SECONDS = 3.0
_EXIT_SECONDS_AWAY = 0.5


class Runtime:
    def __init__(self, settings: Settings, resource: Resource) -> None:
        self.settings = settings
        self.resource = resource
        self.redactor = Redactor(settings.redact_keys, settings.value_limit)
        self._healths: dict[str, EndpointHealth] = {}
        self._running = 0
        RequestSpan.limits = SpanLimits()
        RequestSpan._resource = resource  # noqa: SLF001 — the same for each request span
        self.sampler, self.provider = None, None
        if not settings.disabled:
            self.provider, self.sampler = install_tracing(resource, self._hand_span)
            install_logs(resource, self._hand_log_record)
        self.sink = EventSink(self.redactor, self._emit, settings.level)
        encoded = encode_resource(resource.attributes)
        self.traces = self._outbox(settings.traces, encoded)
        self.logs = self._outbox(settings.logs, encoded)
        service = str(resource.attributes["service.name"])
        self.records = RecordWriter(
            settings, service, self.redactor, self.traces, self.logs, self.provider
        )
        self.pump = Pump(self.records.write_lines, _report)
        after_fork = weakref.WeakMethod(self._after_fork)
        os.register_at_fork(after_in_child=lambda: (call := after_fork()) and call())

    def _outbox(self, settings: ExportSettings, resource: bytes) -> Outbox | None:
        if not settings.enabled:
            return None
        base = settings.endpoint.removesuffix(f"/v1/{settings.signal}")
        health = self._healths.get(base)
        if health is None:
            health = self._healths[base] = EndpointHealth(base, self.sink.say)
        return Outbox(settings, resource, open_transport(settings), health)

    def _after_fork(self) -> None:
        values = {**self.resource.attributes, "service.instance.id": str(uuid.uuid4())}
        self.resource = Resource(values, self.resource.schema_url)
        encoded = encode_resource(values)
        for outbox in self.outboxes:
            outbox.restart_after_fork(encoded, open_transport(outbox.settings))
        self.pump.restart_after_fork()

    @property
    def outboxes(self) -> list[Outbox]:
        return [outbox for outbox in (self.traces, self.logs) if outbox is not None]

    # What loggers and OpenTelemetry's providers call.

    def _emit(self, event: LogEvent) -> None:
        self.pump.put((self.records.write_event, event))
        if event.level >= 40:  # noqa: PLR2004 — ERROR: what may be a process's last words is not left waiting
            self.pump.flush()

    def _hand_span(self, span: ReadableSpan) -> None:
        if not isinstance(span, RequestSpan):
            self.pump.put((self.records.write_span, span))

    def _hand_log_record(self, record: ReadWriteLogRecord) -> None:
        data, about = record.log_record, record.instrumentation_scope
        span = get_current_span(data.context).get_span_context() if data.context else None
        name = data.body if data.body is not None else data.event_name
        event = LogEvent(
            data.timestamp or data.observed_timestamp or time.time_ns(),
            python_level(data.severity_number),
            about.name if about else "",
            self.redactor.text(str(name or "")),
            None,
            span if span is not None and span.is_valid else None,
            self.redactor.fields(data.attributes or {}),
        )
        self._emit(event)

    # Beginning and end.

    async def serve_lifespan(
        self, app: ASGIApp, scope: AsgiScope, receive: Receive, send: Send
    ) -> None:
        take_over_uvicorn()
        self._running += 1
        self.pump.resume()

        async def send_then_flush(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                take_over_uvicorn()
            elif message["type"] == "lifespan.shutdown.complete":
                self._running -= 1
                # uvicorn then ends by the signal it got, without atexit: the last sure moment.
                if self._running <= 0:
                    self.end()
            await send(message)

        await app(scope, receive, send_then_flush)

    def flush(self, timeout: float = _EXIT_SECONDS) -> None:
        self.pump.flush()
        deadline = time.monotonic() + timeout
        for outbox in self.outboxes:
            outbox.flush(max(0.0, deadline - time.monotonic()))

    def end(self) -> None:
        """Sends what waits; whatever is logged later is written and sent at once."""
        self.pump.write_through(after_put=self._send_last_words)
        self.flush(_EXIT_SECONDS_AWAY if self._away else _EXIT_SECONDS)
        workers.last_words()

    def _send_last_words(self) -> None:
        if not self._away:
            self.flush(0.3)

    @property
    def _away(self) -> bool:
        return any(health.away for health in self._healths.values())

    def close(self) -> None:
        """For tests: ends the threads; what waits is forgotten."""
        self.pump.close()
        for outbox in self.outboxes:
            outbox.close()


def _report(error: Exception) -> None:
    sys.stderr.write(f"sightline.telemetry: a record was lost: {error!r}\n")


class _Process:
    """The one runtime; `begin` builds it anew after a reset."""

    runtime: Runtime | None = None
    begin: Callable[[], Runtime] | None = None
    install: Callable[[Runtime], None] | None = None


def start_runtime(begin: Callable[[], Runtime], install: Callable[[Runtime], None]) -> Runtime:
    """`install` sends the process's loggers our way, which needs the runtime to be there."""
    _Process.begin, _Process.install = begin, install
    _Process.runtime = runtime = begin()
    install(runtime)
    return runtime


def current_runtime() -> Runtime:
    if _Process.runtime is None:
        if _Process.begin is None or _Process.install is None:
            raise RuntimeError("instrument(app) has not been called in this process")
        return start_runtime(_Process.begin, _Process.install)
    return _Process.runtime


def runtime_or_none() -> Runtime | None:
    return _Process.runtime


def forget_runtime() -> None:
    if _Process.runtime is not None:
        _Process.runtime.close()
    _Process.runtime = None


def outboxes() -> list[Outbox]:
    return _Process.runtime.outboxes if _Process.runtime is not None else []
