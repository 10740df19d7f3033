"""OTLP requests made by hand, small and exact."""

import os
import time
from typing import Any

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

RESOURCE = {
    "service.name": "orders",
    "service.namespace": "sightline",
    "service.instance.id": "i-1",
    "deployment.environment.name": "test",
}


def value(of: Any) -> AnyValue:  # noqa: PLR0911 — one for each kind
    match of:
        case bool():
            return AnyValue(bool_value=of)
        case int():
            return AnyValue(int_value=of)
        case float():
            return AnyValue(double_value=of)
        case bytes():
            return AnyValue(bytes_value=of)
        case list():
            made = AnyValue()
            made.array_value.values.extend(value(item) for item in of)
            return made
        case dict():
            made = AnyValue()
            made.kvlist_value.values.extend(pairs(of))
            return made
    return AnyValue(string_value=of)


def pairs(of: dict[str, Any]) -> list[KeyValue]:
    return [KeyValue(key=key, value=value(item)) for key, item in of.items()]


def resource(**more: Any) -> Resource:
    return Resource(attributes=pairs({**RESOURCE, **more}))


def traces(
    spans: int = 1, attributes: dict[str, Any] | None = None, **fields: Any
) -> ExportTraceServiceRequest:
    made = ExportTraceServiceRequest()
    group = made.resource_spans.add(resource=resource())
    scope = group.scope_spans.add()
    scope.scope.name = "orders.checkout"
    now = time.time_ns()
    for number in range(spans):
        known = {
            "trace_id": os.urandom(16),
            "span_id": os.urandom(8),
            "name": "POST /checkout",
            "kind": 2,
            "start_time_unix_nano": now + number,
            "end_time_unix_nano": now + number + 1_000_000,
        }
        scope.spans.add(**{**known, **fields}, attributes=pairs(attributes or {}))
    return made


def logs(
    body: Any = "order.created", attributes: dict[str, Any] | None = None, **fields: Any
) -> ExportLogsServiceRequest:
    made = ExportLogsServiceRequest()
    group = made.resource_logs.add(resource=resource())
    scope = group.scope_logs.add()
    scope.scope.name = "orders.checkout"
    known = {"time_unix_nano": time.time_ns(), "severity_number": 9, "severity_text": "INFO"}
    scope.log_records.add(
        **{**known, **fields}, body=value(body), attributes=pairs(attributes or {})
    )
    return made


def metrics(*of: Metric, **more: Any) -> ExportMetricsServiceRequest:
    made = ExportMetricsServiceRequest()
    group = made.resource_metrics.add(resource=resource(**more))
    group.scope_metrics.add().metrics.extend(of)
    return made
