"""What becomes of a record: a line to standard output, bytes to a queue, or a test's tap."""

import sys
from typing import Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.trace import Event, ReadableSpan, TracerProvider
from opentelemetry.trace import Link, Status

from sightline.telemetry import taps
from sightline.telemetry.events import LogEvent
from sightline.telemetry.exchange import Exchange
from sightline.telemetry.lines import Clock, as_mapping, console_lines, json_lines
from sightline.telemetry.otlp.logs import encode_log
from sightline.telemetry.otlp.outbox import Outbox
from sightline.telemetry.otlp.request import Scope
from sightline.telemetry.otlp.spans import SpanEncoder
from sightline.telemetry.redaction import Redactor
from sightline.telemetry.settings import Settings

_SERVER_SCOPE = Scope("sightline.telemetry")
_INFO = 20


class RecordWriter:
    def __init__(
        self,
        settings: Settings,
        service: str,
        redactor: Redactor,
        traces: Outbox | None,
        logs: Outbox | None,
        provider: TracerProvider | None,
    ) -> None:
        self._service = service
        self._redactor = redactor
        self._traces = traces
        self._logs = logs
        self._provider = provider
        self._encoder = SpanEncoder(redactor)
        self._access = settings.level <= _INFO
        self._clock = Clock()
        colour = settings.console and sys.stdout is not None and sys.stdout.isatty()
        self._render = console_lines(colour=colour) if settings.console else json_lines(service)
        self._lines: list[bytes] = []

    @property
    def observers(self) -> Any:
        """Span processors that users have added to the provider, if any."""
        if self._provider is None:
            return None
        active = self._provider._active_span_processor  # noqa: SLF001 — no accessor
        return active if len(active._span_processors) > 1 else None  # noqa: SLF001 — same

    def write_event(self, event: LogEvent) -> None:
        if taps.OPEN:
            line = as_mapping(event, self._service, self._clock.iso(event.timestamp))
            for tap in taps.OPEN:
                tap.event(line)
            return
        self._lines.append(self._render(event))
        if self._logs is not None:
            self._logs.put(Scope(event.logger), encode_log(event))

    def write_span(self, span: ReadableSpan) -> None:
        if taps.OPEN:
            clean = self._clean_copy(span)
            for tap in taps.OPEN:
                tap.span_ended(clean)
        elif self._traces is not None:
            about = span.instrumentation_scope
            scope = _SERVER_SCOPE
            if about is not None:
                scope = Scope(about.name, about.version or "", about.schema_url or "")
            self._traces.put(scope, self._encoder.encode(span))

    def write_exchange(self, exchange: Exchange) -> None:
        if self._access:
            self.write_event(exchange.access_event(self._redactor))
        span = exchange.span
        observers = self.observers
        if span is None or (self._traces is None and not taps.OPEN and observers is None):
            return
        span.varying = exchange.varying_attributes()
        if self._traces is not None and span.own is None and not taps.OPEN and observers is None:
            group = exchange.span_group()
            steady = None if self._encoder.knows(group) else exchange.steady_attributes()
            record = self._encoder.encode_grouped(span, group, steady, span.varying)
            self._traces.put(_SERVER_SCOPE, record)
            return
        span.steady = exchange.steady_attributes()
        if observers is not None:
            observers.on_end(span)
        self.write_span(span)

    def _clean_copy(self, span: ReadableSpan) -> ReadableSpan:
        """The span as it would be sent."""
        fields, text = self._redactor.fields, self._redactor.text
        status = span.status
        description = text(status.description) if status.description else None
        events = [Event(e.name, fields(e.attributes or {}), e.timestamp) for e in span.events]
        return ReadableSpan(
            name=span.name,
            context=span.context,
            parent=span.parent,
            resource=span.resource,
            attributes=BoundedAttributes(attributes=fields(span.attributes or {})),
            events=events,
            links=[Link(link.context, fields(link.attributes or {})) for link in span.links],
            kind=span.kind,
            status=Status(status.status_code, description),
            start_time=span.start_time,
            end_time=span.end_time,
            instrumentation_scope=span.instrumentation_scope,
        )

    def write_lines(self) -> None:
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
