"""Random traces across services, with attributes of every type on spans and resources."""

import random

from fabricated_lines import text
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

TRACES = 150
MILLISECOND = 10**6
SERVICES = ("orders", "payments", "mailer")
NAMES = ("POST /checkout", "GET /orders", "SELECT orders", "charge", "notification.send_email")


def fabricated(seed: int, now: int) -> ExportTraceServiceRequest:
    """Each a few minutes old at most: a trace is looked for where it is fresh."""
    dice = random.Random(seed)
    request = ExportTraceServiceRequest()
    spans = {
        service: request.resource_spans.add(resource=_resource(service)).scope_spans.add().spans
        for service in SERVICES
    }
    for _ in range(TRACES):
        start = now - 30_000 * MILLISECOND - dice.randrange(240_000) * MILLISECOND
        for service, span in _trace(dice, start):
            spans[service].append(span)
    return request


def _resource(service: str) -> Resource:
    return Resource(
        attributes=[
            text("service.name", service),
            text("deployment.environment.name", "prod" if service == "mailer" else "dev"),
            KeyValue(key="replicas", value=AnyValue(int_value=len(service))),
        ]
    )


def _trace(dice: random.Random, start: int) -> list[tuple[str, Span]]:
    """A tree: each span below one that was drawn before it, within its parent's time."""
    trace_id, made = dice.randbytes(16), list[tuple[str, Span]]()
    for _ in range(dice.randrange(1, 9)):
        parent = dice.choice(made)[1] if made else None
        begin = parent.start_time_unix_nano if parent else start
        end = parent.end_time_unix_nano if parent else start + dice.randrange(1, 2000) * MILLISECOND
        cut = max(1, (end - begin) // MILLISECOND)
        begin += dice.randrange(cut) * MILLISECOND
        end = begin + dice.randrange(1, cut + 1) * MILLISECOND
        span = _span(dice, trace_id, begin, end)
        span.parent_span_id = parent.span_id if parent else b""
        made.append((dice.choice(SERVICES), span))
    return made


def _span(dice: random.Random, trace_id: bytes, begin: int, end: int) -> Span:
    span = Span(
        trace_id=trace_id,
        span_id=dice.randbytes(8),
        name=dice.choice(NAMES),
        kind=dice.choice((1, 2, 3, 4, 5)),
        start_time_unix_nano=begin,
        end_time_unix_nano=end,
        attributes=[
            text("http.route", dice.choice(("/orders", "/checkout", "/orders/{order_id}"))),
            KeyValue(key="status_code", value=AnyValue(int_value=dice.choice((200, 404, 500)))),
        ],
    )
    optional = (
        KeyValue(key="share", value=AnyValue(double_value=dice.choice((0.25, 3.0, -1.5)))),
        KeyValue(key="cached", value=AnyValue(bool_value=dice.random() < 0.5)),
        text("replicas", "3"),  # a name that the resource has too, of another type
        text("db system", dice.choice(("sqlite", "postgresql"))),
        KeyValue(
            key="tags",
            value=AnyValue(
                array_value=ArrayValue(values=[AnyValue(string_value=t) for t in ("new", "paid")])
            ),
        ),
    )
    span.attributes.extend(each for each in optional if dice.random() < 0.4)
    if (code := dice.choice((0, 0, 1, 2))) != 0:
        span.status.CopyFrom(Status(code=code, message="no stock left" if code == 2 else ""))
    return span
