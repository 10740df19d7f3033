"""The bytes written by hand are the protobuf that OpenTelemetry's own encoder writes."""

from collections.abc import Mapping
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import Event, ReadableSpan
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.trace import (
    Link,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
)

from sightline.telemetry.otlp.request import Scope, encode_request, encode_resource
from sightline.telemetry.otlp.spans import SpanEncoder
from sightline.telemetry.otlp.wire import any_value, varint
from sightline.telemetry.redaction import Redactor


def context(trace_id: int, span_id: int, *, remote: bool = False, state: str = "") -> SpanContext:
    return SpanContext(
        trace_id, span_id, remote, TraceFlags(1), TraceState.from_header([state] if state else [])
    )


ATTRIBUTES: Mapping[str, Any] = {
    "text": "ä" * 200, "empty": "", "yes": True, "no": False, "int": -7, "large": 2**62, "zero": 0,
    "float": 1.5, "texts": ("a", "b"), "numbers": (1, 2), "none": (), "mixed": (True, 2.5),
}  # fmt: skip

SPANS = [
    ReadableSpan("plain", context(1, 2), start_time=1, end_time=2),
    ReadableSpan(
        "all of it",
        context(2**128 - 1, 2**64 - 1, state="a=b"),
        parent=context(2**128 - 1, 7, remote=True),
        attributes=ATTRIBUTES,
        kind=SpanKind.SERVER,
        events=(Event("first", {"n": 1}, 5), Event("second", None, 6)),
        links=(Link(context(3, 4), {"why": "because"}), Link(context(5, 6, remote=True))),
        status=Status(StatusCode.ERROR, "it broke"),
        start_time=1_795_480_203_088_234_496,
        end_time=1_795_480_203_999_999_999,
    ),
    ReadableSpan(
        "local parent", context(9, 10), parent=context(9, 1), kind=SpanKind.CLIENT,
        status=Status(StatusCode.OK), start_time=3, end_time=4,
    ),
]  # fmt: skip


@pytest.mark.parametrize("span", SPANS, ids=lambda span: span.name)
def test_a_span_is_written_as_the_sdk_writes_it(span: ReadableSpan) -> None:
    span._resource = Resource({"service.name": "shop", "n": 1})
    span._instrumentation_scope = InstrumentationScope("shop", "1.0", "https://schema")
    theirs = encode_spans([span])
    record = SpanEncoder(Redactor()).encode(span)
    ours = ExportTraceServiceRequest.FromString(
        encode_request(
            encode_resource(span.resource.attributes),
            [(Scope("shop", "1.0", "https://schema"), record)],
        )
    )
    (mine,) = ours.resource_spans[0].scope_spans[0].spans
    (wanted,) = theirs.resource_spans[0].scope_spans[0].spans
    if span.status.status_code is StatusCode.UNSET:
        wanted.ClearField("status")  # an empty message says the same as none
    assert mine == wanted
    assert ours.resource_spans[0].resource == theirs.resource_spans[0].resource
    assert (
        ours.resource_spans[0].scope_spans[0].scope == theirs.resource_spans[0].scope_spans[0].scope
    )
    assert ours.resource_spans[0].scope_spans[0].schema_url == "https://schema"


def test_records_of_one_scope_stand_together() -> None:
    encoder = SpanEncoder(Redactor())
    records = [
        (
            Scope(name),
            encoder.encode(ReadableSpan(f"{name}{n}", context(1, n + 1), start_time=1, end_time=2)),
        )
        for n, name in enumerate("abab")
    ]
    request = ExportTraceServiceRequest.FromString(encode_request(b"", records))
    (resource,) = request.resource_spans
    found = {s.scope.name: [span.name for span in s.spans] for s in resource.scope_spans}
    assert found == {"a": ["a0", "a2"], "b": ["b1", "b3"]}


@pytest.mark.parametrize(
    ("value", "kind", "wanted"),
    [
        (2**80, "string_value", str(2**80)),
        (-(2**63), "int_value", -(2**63)),
        ("\ud800", "string_value", "\\ud800"),
        (b"\x00\xff", "bytes_value", b"\x00\xff"),
        (object, "string_value", str(object)),
    ],
)
def test_odd_values_are_written_too(value: Any, kind: str, wanted: Any) -> None:
    assert getattr(AnyValue.FromString(any_value(value)), kind) == wanted


def test_nested_values_keep_their_shape() -> None:
    found = AnyValue.FromString(any_value({"a": {"b": [1, None, {"c": "d"}]}}))
    inner = found.kvlist_value.values[0].value.kvlist_value.values[0].value.array_value.values
    assert inner[0].int_value == 1
    assert inner[2].kvlist_value.values[0].value.string_value == "d"


@pytest.mark.parametrize("number", [0, 1, 127, 128, 300, 2**32, 2**64 - 1])
def test_a_varint_reads_back(number: int) -> None:
    back = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(varint(number)))
    assert back == number
