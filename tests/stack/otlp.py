"""OTLP as JSON, for what no well-behaved service would send."""

import time
import uuid
from typing import Any

import httpx2

Json = dict[str, Any]
SERVICE = "misbehaving"


def attributes(values: dict[str, str]) -> list[Json]:
    return [{"key": key, "value": {"stringValue": value}} for key, value in values.items()]


def line(text: str) -> Json:
    return {"timeUnixNano": str(time.time_ns()), "body": {"stringValue": text}}


def span(trace_id: str, text: str) -> Json:
    now = time.time_ns()
    return {
        "traceId": trace_id,
        "spanId": uuid.uuid4().hex[:16],
        "name": "large",
        "kind": 1,
        "startTimeUnixNano": str(now),
        "endTimeUnixNano": str(now + 1000),
        "attributes": attributes({"text": text}),
    }


def metric(name: str, unit: str, labels: dict[str, str]) -> Json:
    """A histogram with one measurement in it."""
    point = {
        "timeUnixNano": str(time.time_ns()),
        "attributes": attributes(labels),
        "count": "1",
        "sum": 0.1,
        "explicitBounds": [1],
        "bucketCounts": ["1", "0"],
    }
    data = {"aggregationTemporality": 2, "dataPoints": [point]}
    return {"name": name, "unit": unit, "histogram": data}


WRAPPED = {
    "logs": ("resourceLogs", "scopeLogs", "logRecords"),
    "traces": ("resourceSpans", "scopeSpans", "spans"),
    "metrics": ("resourceMetrics", "scopeMetrics", "metrics"),
}


def send(endpoint: str, signal: str, *items: Json) -> httpx2.Response:
    by_resource, by_scope, name = WRAPPED[signal]
    resource = {"attributes": attributes({"service.name": SERVICE})}
    body = {by_resource: [{"resource": resource, by_scope: [{name: list(items)}]}]}
    return httpx2.post(f"{endpoint}/v1/{signal}", json=body, timeout=30)
