"""Much telemetry in few requests, as a busy service would send it."""

import gzip
import os
import time
import urllib.error
import urllib.request
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.metrics.v1.metrics_pb2 import AGGREGATION_TEMPORALITY_CUMULATIVE
from opentelemetry.proto.trace.v1.trace_pb2 import Span

AT_ONCE = 10_000
MILLISECOND = 1_000_000


def send_lines(
    otlp: int, service: str, count: int, *, apart: int = MILLISECOND, end: int | None = None
) -> None:
    """Lines `number=0` to `count - 1`, so many nanoseconds apart, up to now or another end."""
    now = end or time.time_ns()
    for begin in range(0, count, AT_ONCE):
        request = ExportLogsServiceRequest()
        group = request.resource_logs.add()
        _attribute(group.resource, "service.name", service)
        records = group.scope_logs.add().log_records
        for number in range(begin, min(begin + AT_ONCE, count)):
            record = records.add(time_unix_nano=now - (count - number) * apart, severity_number=9)
            record.body.string_value = "bulk.line"
            _attribute(record, "number", number)
        _post(otlp, "logs", request)


def send_trace(otlp: int, service: str, count: int, *, at: int | None = None) -> str:
    """A span `item 0` with all the others beneath it, now or at a time; gives the trace's id."""
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add()
    _attribute(group.resource, "service.name", service)
    spans = group.scope_spans.add().spans
    trace, root, now = os.urandom(16), os.urandom(8), at or time.time_ns()
    for number in range(count):
        span = spans.add(trace_id=trace, name=f"item {number}", kind=Span.SPAN_KIND_INTERNAL)
        span.span_id = os.urandom(8) if number else root
        span.parent_span_id = root if number else b""
        span.start_time_unix_nano = now + number * 1_000
        span.end_time_unix_nano = now + (number + 1 if number else count) * 1_000
    _post(otlp, "traces", request)
    return trace.hex()


def send_requests(
    otlp: int, service: str, environment: str, rate: int, end: int, *, every: int = 1
) -> None:
    """A counter of requests that rises evenly, exported 61 times up to `end`, in seconds."""
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    _attribute(group.resource, "service.name", service)
    _attribute(group.resource, "deployment.environment.name", environment)
    metric = group.scope_metrics.add().metrics.add(name="http_requests")
    metric.sum.is_monotonic = True
    metric.sum.aggregation_temporality = AGGREGATION_TEMPORALITY_CUMULATIVE
    begin = end - 60 * every
    for second in range(0, 61 * every, every):
        point = metric.sum.data_points.add(
            time_unix_nano=(begin + second) * 1000 * MILLISECOND,
            start_time_unix_nano=begin * 1000 * MILLISECOND,
            as_double=1 + rate * second,
        )
        _attribute(point, "handler", "/till")
    _post(otlp, "metrics", request)


def post(otlp: int, signal: str, body: bytes, **headers: str) -> int:
    address = f"http://127.0.0.1:{otlp}/v1/{signal}"
    given = {"content-type": "application/x-protobuf", **headers}
    try:
        with urllib.request.urlopen(urllib.request.Request(address, body, given)) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


def _post(otlp: int, signal: str, message: Any) -> None:
    packed = gzip.compress(message.SerializeToString(), 1)
    assert post(otlp, signal, packed, **{"content-encoding": "gzip"}) == 200


def _attribute(holder: Any, key: str, value: str | int) -> None:
    attribute = holder.attributes.add(key=key)
    if isinstance(value, int):
        attribute.value.int_value = value
    else:
        attribute.value.string_value = value
