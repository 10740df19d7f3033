"""Spans of an OTLP request as rows of the table `spans`."""

from typing import Any

import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1.trace_pb2 import Span

from sightline.viewer.receive.attributes import Attributes, dumps
from sightline.viewer.receive.decoding import LAST_NS, Decoded, Memory
from sightline.viewer.store.batch import Row

_KINDS = 5
_STATUSES = 2
_TRACE_ID_BYTES = 16
_SPAN_ID_BYTES = 8
_MAX_STATUS = 65_535
_NO_TRACE = bytes(_TRACE_ID_BYTES)
_NO_SPAN = bytes(_SPAN_ID_BYTES)


def decode_traces(raw: bytes, message: ExportTraceServiceRequest, memory: Memory) -> Decoded:
    decoded = Decoded.of(raw)
    attributes = memory.attributes(raw)
    for resource_spans in message.resource_spans:
        resource = memory.resources.read(resource_spans.resource, attributes, decoded.batch)
        for scope_spans in resource_spans.scope_spans:
            scope = attributes.text(scope_spans.scope.name)
            accepted = decoded.count(resource.service, len(scope_spans.spans))
            for span in scope_spans.spans:
                row = _row(span, attributes, resource.id, scope, resource.service)
                if row is None:
                    decoded.reject(accepted, _reason(span))
                elif memory.spans.is_new(span.trace_id + span.span_id):
                    decoded.batch.spans.append(row)
                else:
                    accepted.duplicates += 1
    return decoded


def _row(
    span: Span, attributes: Attributes, resource_id: int, scope: str, service: str
) -> Row | None:
    trace_id, span_id, parent_id = span.trace_id, span.span_id, span.parent_span_id
    start, end = span.start_time_unix_nano, span.end_time_unix_nano
    if (
        len(trace_id) != _TRACE_ID_BYTES
        or len(span_id) != _SPAN_ID_BYTES
        or trace_id == _NO_TRACE
        or span_id == _NO_SPAN
        or not 0 < start <= LAST_NS
        or end > LAST_NS
    ):
        return None
    found = attributes.read(span.attributes)
    events, links, kind, code, message = span.events, span.links, span.kind, 0, ""
    if span.HasField("status"):
        code, message = span.status.code, attributes.text(span.status.message)
    return (
        start,
        end - start if end > start else 0,
        trace_id.hex(),
        span_id.hex(),
        "" if parent_id == _NO_SPAN else parent_id.hex(),
        resource_id,
        scope,
        service,
        attributes.text(span.name),
        kind if 0 <= kind <= _KINDS else 0,
        code if 0 <= code <= _STATUSES else 0,
        message,
        _text(found.get("http.route")),
        _text(found.get("http.request.method") or found.get("http.method")),
        _status(found.get("http.response.status_code") or found.get("http.status_code")),
        dumps(found),
        _events(events, attributes) if events else "[]",
        _links(links, attributes) if links else "[]",
    )


def _reason(span: Span) -> str:
    if len(span.trace_id) != _TRACE_ID_BYTES or span.trace_id == _NO_TRACE:
        return f"trace_id {span.trace_id.hex()!r} of a span is not 16 bytes with one that is not 0"
    if len(span.span_id) != _SPAN_ID_BYTES or span.span_id == _NO_SPAN:
        return f"span_id {span.span_id.hex()!r} of a span is not 8 bytes with one that is not 0"
    return f"a span's time ({span.start_time_unix_nano} to {span.end_time_unix_nano} ns) is none"


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _status(value: Any) -> int:
    """-1, stored as NULL, for what is no status."""
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        return -1
    return number if 0 <= number <= _MAX_STATUS else -1


def _events(events: Any, attributes: Attributes) -> str:
    return orjson.dumps(
        [
            {
                "ts": min(event.time_unix_nano, LAST_NS),
                "name": attributes.text(event.name),
                "attrs": _nested(attributes.json(event.attributes)),
            }
            for event in events
        ]
    ).decode()


def _links(links: Any, attributes: Attributes) -> str:
    return orjson.dumps(
        [
            {
                "trace_id": link.trace_id.hex(),
                "span_id": link.span_id.hex(),
                "attrs": _nested(attributes.json(link.attributes)),
            }
            for link in links
        ]
    ).decode()


def _nested(json: str) -> orjson.Fragment:
    """Already bounded and written; taken over as it is."""
    return orjson.Fragment(json)
