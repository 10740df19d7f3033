"""Spans in OTLP's shape: as the JSON that Tempo gives, and as protobuf."""

import base64
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from opentelemetry.proto.common.v1.common_pb2 import (
    AnyValue,
    ArrayValue,
    InstrumentationScope,
    KeyValue,
    KeyValueList,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1 import trace_pb2

from sightline.viewer.traceql.trace import Span

KINDS = ("UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER")
STATUSES = ("UNSET", "OK", "ERROR")
Json = dict[str, Any]


def resource_spans_json(spans: Iterable[Span]) -> list[Json]:
    """Proto3 JSON as Tempo's: ids in base64, 64-bit numbers as text, defaults left out."""
    return [
        {
            "resource": {"attributes": attributes_json(resource)},
            "scopeSpans": [
                {"scope": {"name": scope} if scope else {}, "spans": [_span_json(s) for s in found]}
                for scope, found in scopes
            ],
        }
        for resource, scopes in _grouped(spans)
    ]


def traces_data(spans: Iterable[Span]) -> trace_pb2.TracesData:
    return trace_pb2.TracesData(
        resource_spans=[
            trace_pb2.ResourceSpans(
                resource=Resource(attributes=_attributes(resource)),
                scope_spans=[
                    trace_pb2.ScopeSpans(
                        scope=InstrumentationScope(name=scope), spans=[_span(s) for s in found]
                    )
                    for scope, found in scopes
                ],
            )
            for resource, scopes in _grouped(spans)
        ]
    )


def _grouped(spans: Iterable[Span]) -> Iterator[tuple[Json, list[tuple[str, list[Span]]]]]:
    ordered = sorted(spans, key=lambda s: (s.resource_id, s.scope, s.ts))
    for _, of_resource in groupby(ordered, key=lambda s: s.resource_id):
        found = list(of_resource)
        scopes = [(name, list(group)) for name, group in groupby(found, key=lambda s: s.scope)]
        yield found[0].resource, scopes


def _span_json(span: Span) -> Json:
    known = {
        "traceId": base64_id(span.trace_id),
        "spanId": base64_id(span.span_id),
        "parentSpanId": base64_id(span.parent_id),
        "name": span.name,
        "kind": f"SPAN_KIND_{KINDS[span.kind]}" if span.kind else "",
        "startTimeUnixNano": str(span.ts),
        "endTimeUnixNano": str(span.ts + span.dur),
        "attributes": attributes_json(span.attrs),
        "events": [_event_json(event) for event in span.events],
        "links": [_link_json(link) for link in span.links],
    }
    return {key: value for key, value in known.items() if value} | {"status": _status_json(span)}


def _status_json(span: Span) -> Json:
    status: Json = {"message": span.status_message} if span.status_message else {}
    return status | ({"code": f"STATUS_CODE_{STATUSES[span.status]}"} if span.status else {})


def _event_json(event: Json) -> Json:
    attributes = attributes_json(event.get("attrs") or {})
    found = {"timeUnixNano": str(event["ts"]), "name": event["name"]}
    return found | ({"attributes": attributes} if attributes else {})


def _link_json(link: Json) -> Json:
    attributes = attributes_json(link.get("attrs") or {})
    found = {"traceId": base64_id(link["trace_id"]), "spanId": base64_id(link["span_id"])}
    return found | ({"attributes": attributes} if attributes else {})


def base64_id(hexadecimal: str) -> str:
    return base64.b64encode(bytes.fromhex(hexadecimal)).decode()


def attributes_json(attributes: Json) -> list[Json]:
    return [{"key": key, "value": value_json(value)} for key, value in attributes.items()]


def value_json(value: Any) -> Json:  # noqa: PLR0911 — one for each kind of value
    match value:
        case None:
            return {}
        case bool():
            return {"boolValue": value}
        case int():
            return {"intValue": str(value)}
        case float():
            return {"doubleValue": value}
        case list():
            return {"arrayValue": {"values": [value_json(item) for item in value]}}
        case dict():
            return {"kvlistValue": {"values": attributes_json(value)}}
    return {"stringValue": str(value)}


def _span(span: Span) -> trace_pb2.Span:
    return trace_pb2.Span(
        trace_id=bytes.fromhex(span.trace_id),
        span_id=bytes.fromhex(span.span_id),
        parent_span_id=bytes.fromhex(span.parent_id),
        name=span.name,
        kind=trace_pb2.Span.SpanKind.ValueType(span.kind),
        start_time_unix_nano=span.ts,
        end_time_unix_nano=span.ts + span.dur,
        attributes=_attributes(span.attrs),
        events=[_event(event) for event in span.events],
        links=[_link(link) for link in span.links],
        status=trace_pb2.Status(
            message=span.status_message, code=trace_pb2.Status.StatusCode.ValueType(span.status)
        ),
    )


def _event(event: Json) -> trace_pb2.Span.Event:
    attributes = _attributes(event.get("attrs") or {})
    return trace_pb2.Span.Event(
        time_unix_nano=event["ts"], name=event["name"], attributes=attributes
    )


def _link(link: Json) -> trace_pb2.Span.Link:
    return trace_pb2.Span.Link(
        trace_id=bytes.fromhex(link["trace_id"]),
        span_id=bytes.fromhex(link["span_id"]),
        attributes=_attributes(link.get("attrs") or {}),
    )


def _attributes(attributes: Json) -> list[KeyValue]:
    return [KeyValue(key=key, value=_value(value)) for key, value in attributes.items()]


def _value(value: Any) -> AnyValue:  # noqa: PLR0911 — one for each kind of value
    match value:
        case None:
            return AnyValue()
        case bool():
            return AnyValue(bool_value=value)
        case int():
            return AnyValue(int_value=value)
        case float():
            return AnyValue(double_value=value)
        case list():
            return AnyValue(array_value=ArrayValue(values=[_value(item) for item in value]))
        case dict():
            return AnyValue(kvlist_value=KeyValueList(values=_attributes(value)))
    return AnyValue(string_value=str(value))
