"""Spans to OTLP bytes, secrets taken out on the way."""

from collections.abc import Mapping, Sequence
from typing import Any

from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.trace import Link, SpanContext, Status, StatusCode

from sightline.telemetry.otlp.wire import (
    attributes,
    field,
    fixed32,
    fixed64,
    key_value,
    utf8,
    varint,
)
from sightline.telemetry.redaction import Redactor

_HAS_IS_REMOTE = 0x100
_IS_REMOTE = 0x200
_GROUPS_LIMIT = 2_048


class SpanEncoder:
    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._groups: dict[tuple[Any, ...], bytes] = {}

    def encode(self, span: ReadableSpan) -> bytes:
        body = _head(span) + attributes(b"\x4a", self._redactor.fields(span.attributes or {}))
        return field(b"\x12", body + self._tail(span))

    def encode_grouped(
        self,
        span: ReadableSpan,
        group: tuple[Any, ...],
        steady: Mapping[str, Any] | None,
        varying: Sequence[tuple[str, Any]],
    ) -> bytes:
        """Like `encode`, for a span most of whose attributes are those of many others.

        `steady` is what `group` stands for; None if the bytes of the group are known already.
        """
        known = self._groups.get(group)
        if known is None:
            known = attributes(b"\x4a", self._redactor.fields(steady or {}))
            if len(self._groups) >= _GROUPS_LIMIT:
                self._groups.clear()
            self._groups[group] = known
        parts = [_head(span), known]
        redactor = self._redactor
        for key, value in varying:
            clean = redactor.value(key, value) if type(value) is str else value
            parts.append(field(b"\x4a", key_value(key, clean)))
        parts.append(self._tail(span))
        return field(b"\x12", b"".join(parts))

    def knows(self, group: tuple[Any, ...]) -> bool:
        return group in self._groups

    def _tail(self, span: ReadableSpan) -> bytes:
        out = b""
        if span.dropped_attributes:
            out += b"\x50" + varint(span.dropped_attributes)
        if span.events:
            out += b"".join([field(b"\x5a", self._event(event)) for event in span.events])
        if span.dropped_events:
            out += b"\x60" + varint(span.dropped_events)
        if span.links:
            out += b"".join([field(b"\x6a", self._link(link)) for link in span.links])
        if span.dropped_links:
            out += b"\x70" + varint(span.dropped_links)
        if span.status.status_code is not StatusCode.UNSET:
            out += field(b"\x7a", self._status(span.status))
        return out

    def _event(self, event: Event) -> bytes:
        out = b"\x09" + fixed64(event.timestamp) + field(b"\x12", utf8(event.name))
        return out + attributes(b"\x1a", self._redactor.fields(event.attributes or {}))

    def _link(self, link: Link) -> bytes:
        out = _ids(link.context)
        if link.context.trace_state:
            out += field(b"\x1a", utf8(link.context.trace_state.to_header()))
        out += attributes(b"\x22", self._redactor.fields(link.attributes or {}))
        return out + b"\x35" + fixed32(_flags(link.context))

    def _status(self, status: Status) -> bytes:
        out = b"\x18" + varint(status.status_code.value)
        if status.description:
            out = field(b"\x12", utf8(self._redactor.text(status.description))) + out
        return out


def _head(span: ReadableSpan) -> bytes:
    context, parent = span.context, span.parent
    out = _ids(context)
    if context.trace_state:
        out += field(b"\x1a", utf8(context.trace_state.to_header()))
    if parent is not None:
        out += b"\x22\x08" + parent.span_id.to_bytes(8, "big")
    return (
        out
        + field(b"\x2a", utf8(span.name))
        + b"\x30" + varint(span.kind.value + 1)
        + b"\x39" + fixed64(span.start_time or 0)
        + b"\x41" + fixed64(span.end_time or 0)
        + b"\x85\x01" + fixed32(_flags(parent))
    )  # fmt: skip


def _ids(context: SpanContext) -> bytes:
    return (
        b"\x0a\x10" + context.trace_id.to_bytes(16, "big")
        + b"\x12\x08" + context.span_id.to_bytes(8, "big")
    )  # fmt: skip


def _flags(parent: SpanContext | None) -> int:
    return _HAS_IS_REMOTE | (_IS_REMOTE if parent is not None and parent.is_remote else 0)
