"""Spans of an OTLP request as rows of the table `spans`."""

from functools import lru_cache
from typing import Any, NamedTuple

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from sightline.viewer.receive.attributes import Attributes
from sightline.viewer.receive.decoding import LAST_NS, Decoded, Memory
from sightline.viewer.receive.fragments import Fragments, joined, value_of
from sightline.viewer.store.batch import Row

_KINDS = 5
_STATUSES = 2
_TRACE_ID_BYTES = 16
_SPAN_ID_BYTES = 8
_MAX_STATUS = 65_535
_SHORT = 256  # what a cache of routes and methods may hold
_NO_TRACE = bytes(_TRACE_ID_BYTES)
_NO_SPAN = bytes(_SPAN_ID_BYTES)


def decode_traces(raw: bytes, message: Any, memory: Memory) -> Decoded:
    """Of a `TracesView`."""
    decoded = Decoded.of(raw)
    attributes = memory.attributes(raw)
    rows, is_new, ids = decoded.batch.spans, memory.spans.is_new, _Ids()
    for resource_spans in message.resource_spans:
        resource = memory.resources.read(resource_spans.resource, attributes, decoded.batch)
        for scope_spans in resource_spans.scope_spans:
            scope = attributes.text(scope_spans.scope.name)
            accepted = decoded.count(resource.service, len(scope_spans.spans))
            sender = _Sender(
                attributes, memory.fragments, resource.id, scope, resource.service, ids
            )
            for span in scope_spans.spans:
                try:
                    row = _row(span, sender)
                except DecodeError as error:
                    decoded.reject(accepted, f"a part of a span is not OTLP: {error}")
                    continue
                if row is None:
                    decoded.reject(accepted, _reason(span))
                elif is_new(span.trace_id + span.span_id):
                    rows.append(row)
                else:
                    accepted.duplicates += 1
    return decoded


def forget_spans(rows: list[Row], memory: Memory) -> None:
    """They were not stored, and are new when they are sent again."""
    memory.spans.forget(bytes.fromhex(f"{row[2]}{row[3]}") for row in rows)


class _Ids(dict[bytes, str]):
    """Ids as text, each of them once: the spans of a trace are many, and may wait in the queue."""

    def __missing__(self, raw: bytes) -> str:
        self[raw] = text = raw.hex()
        return text


class _Sender(NamedTuple):
    """What the spans of one scope of one resource have in common."""

    attributes: Attributes
    fragments: Fragments
    resource_id: int
    scope: str
    service: str
    ids: _Ids


def _row(span: Any, sender: _Sender) -> Row | None:
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
    attributes, fragments, resource_id, scope, service, ids = sender
    found = fragments.read(span.attributes[:], texts=attributes.texts)
    get = found.get
    events, links, kind, code, message = span.events, span.links, span.kind, 0, ""
    if status := span.status:
        code, message = _outcome(status, attributes)
    return (
        start,
        end - start if end > start else 0,
        ids[trace_id],
        span_id.hex(),
        "" if parent_id == _NO_SPAN else ids[parent_id],
        resource_id,
        scope,
        service,
        attributes.text(span.name),
        kind if 0 <= kind <= _KINDS else 0,
        code,
        message,
        _text(get("http.route")),
        _text(get("http.request.method") or get("http.method")),
        _status(get("http.response.status_code") or get("http.status_code")),
        joined(found),
        _events(events, attributes) if events else "[]",
        _links(links, attributes) if links else "[]",
    )


def _outcome(raw: bytes, attributes: Attributes) -> tuple[int, str]:
    status = Status.FromString(raw)
    code = int(status.code)
    return code if 0 <= code <= _STATUSES else 0, attributes.text(status.message)


def _reason(span: Any) -> str:
    if len(span.trace_id) != _TRACE_ID_BYTES or span.trace_id == _NO_TRACE:
        return f"trace_id {span.trace_id.hex()!r} of a span is not 16 bytes with one that is not 0"
    if len(span.span_id) != _SPAN_ID_BYTES or span.span_id == _NO_SPAN:
        return f"span_id {span.span_id.hex()!r} of a span is not 8 bytes with one that is not 0"
    return f"a span's time ({span.start_time_unix_nano} to {span.end_time_unix_nano} ns) is none"


def _text(piece: str | None) -> str:
    if piece is None:
        return ""
    return _short_text(piece) if len(piece) <= _SHORT else _any_text(piece)


def _any_text(piece: str) -> str:
    value = value_of(piece)
    return value if isinstance(value, str) else ""


_short_text = lru_cache(maxsize=4_096)(_any_text)


def _status(piece: str | None) -> int:
    """-1, stored as NULL, for what is no status."""
    if piece is None or len(piece) > _SHORT:
        return -1
    return _short_status(piece)


@lru_cache(maxsize=1_024)
def _short_status(piece: str) -> int:
    try:
        number = int(value_of(piece))
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
            for event in map(Span.Event.FromString, events)
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
            for link in map(Span.Link.FromString, links)
        ]
    ).decode()


def _nested(json: str) -> orjson.Fragment:
    """Already bounded and written; taken over as it is."""
    return orjson.Fragment(json)
