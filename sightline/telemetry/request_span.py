"""The server span of one request: an SDK span to its users, a few slots to the machine.

The SDK's own span takes three locks and three bounded collections to make; most requests touch
none of them. This one makes them when they are first needed.

    opentelemetry.trace.Span      what handlers call
    └── RequestSpan ── opentelemetry.sdk.trace.ReadableSpan      what processors read
"""

import logging
from collections.abc import Mapping, Sequence
from time import time_ns
from typing import Any

from opentelemetry.attributes import BoundedAttributes
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan, SpanLimits
from opentelemetry.sdk.trace import Span as SdkSpan
from opentelemetry.sdk.util import BoundedList
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, Status, StatusCode

_logger = logging.getLogger(__name__)
_UNSET = Status(StatusCode.UNSET)
_record_exception: Any = SdkSpan.record_exception  # needs nothing of a span but `add_event`


class RequestSpan(Span, ReadableSpan):
    # Set once for the process (tracing.py); the same for each request.
    limits = SpanLimits()
    _resource = Resource.get_empty()
    _instrumentation_scope = InstrumentationScope("sightline.telemetry")
    _instrumentation_info = None
    _kind = SpanKind.SERVER

    def __init__(
        self, name: str, context: SpanContext, parent: SpanContext | None, start_time: int
    ) -> None:
        self._name = name
        self.own_context = self._context = context
        self._parent = parent
        self.started = self._start_time = start_time
        self._end_time: int | None = None
        self._status = _UNSET
        self._events: Any = ()
        self._links: Any = ()
        self.group: tuple[Any, ...] = ()
        self.varying: Sequence[tuple[str, Any]] = ()
        self.steady: Mapping[str, Any] | None = None
        self.own: BoundedAttributes | None = None
        self.renamed = False

    @property
    def attributes(self) -> Mapping[str, Any]:
        """All attributes: the request's, then those set by handlers, which win."""
        return {**(self.steady or {}), **dict(self.varying), **(self.own or {})}

    @property
    def dropped_attributes(self) -> int:
        return self.own.dropped if self.own is not None else 0

    @property
    def dropped_events(self) -> int:
        return getattr(self._events, "dropped", 0)

    @property
    def dropped_links(self) -> int:
        return getattr(self._links, "dropped", 0)

    def get_span_context(self) -> SpanContext:
        return self.own_context

    def is_recording(self) -> bool:
        return self._end_time is None

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        for key, value in attributes.items():
            self.set_attribute(key, value)

    def set_attribute(self, key: str, value: Any) -> None:
        if self._ended("set_attribute"):
            return
        if self.own is None:
            self.own = BoundedAttributes(
                self.limits.max_span_attributes,
                immutable=False,
                max_value_len=self.limits.max_span_attribute_length,
            )
        self.own[key] = value

    def add_event(self, name: str, attributes: Any = None, timestamp: int | None = None) -> None:
        if self._ended("add_event"):
            return
        if not self._events:
            self._events = BoundedList(self.limits.max_events)
        self._events.append(
            Event(name, self._bounded(attributes, self.limits.max_event_attributes), timestamp)
        )

    def add_link(self, context: SpanContext, attributes: Any = None) -> None:
        if self._ended("add_link") or not context.is_valid:
            return
        if not self._links:
            self._links = BoundedList(self.limits.max_links)
        self._links.append(
            Link(context, self._bounded(attributes, self.limits.max_link_attributes))
        )

    def record_exception(
        self,
        exception: BaseException,
        attributes: Any = None,
        timestamp: int | None = None,
        escaped: bool = False,  # noqa: FBT001, FBT002 — OpenTelemetry's signature
    ) -> None:
        _record_exception(self, exception, attributes, timestamp, escaped)

    def update_name(self, name: str) -> None:
        if not self._ended("update_name"):
            self._name = name
            self.renamed = True

    def set_status(self, status: Status | StatusCode, description: str | None = None) -> None:
        if self._ended("set_status"):
            return
        wanted = status if isinstance(status, Status) else Status(status, description)
        final = self._status.status_code is StatusCode.OK
        if not final and wanted.status_code is not StatusCode.UNSET:
            self._status = wanted

    def end(self, end_time: int | None = None) -> None:
        """Handlers may call it; the middleware's own end comes with the response's last byte."""
        if self._end_time is None:
            self._end_time = time_ns() if end_time is None else end_time

    def _bounded(self, attributes: Any, most: int | None) -> BoundedAttributes:
        return BoundedAttributes(most, attributes, max_value_len=self.limits.max_attribute_length)

    def _ended(self, call: str) -> bool:
        if self._end_time is None:
            return False
        _logger.warning("span.ended", extra={"call": call, "span_name": self._name})
        return True
