"""Log records of an OTLP request as rows of the table `logs`."""

import time
from collections.abc import Callable
from typing import Any

import orjson
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.logs.v1.logs_pb2 import LogRecord

from sightline.viewer.receive.attributes import MAX_TEXT, Attributes, dumps
from sightline.viewer.receive.decoding import LAST_NS, Decoded, Memory
from sightline.viewer.receive.resources import Resource
from sightline.viewer.store.batch import Row
from sightline.viewer.store.tail import LogRow

COLUMNS = (
    "seq",
    "ts",
    "observed_ts",
    "severity",
    "severity_text",
    "level",
    "service",
    "body",
    "trace_id",
    "span_id",
    "resource_id",
    "scope",
    "attrs",
)  # fmt: skip — in the order of the schema

# Loki's names, by OTLP's severity number.
_LEVELS = (
    "unknown",
    *("trace",) * 4,
    *("debug",) * 4,
    *("info",) * 4,
    *("warn",) * 4,
    *("error",) * 4,
    *("fatal",) * 4,
)
_LEVEL_WORDS = {
    "trace": "trace",
    "debug": "debug",
    "info": "info",
    "information": "info",
    "notice": "info",
    "warn": "warn",
    "warning": "warn",
    "err": "error",
    "error": "error",
    "critical": "fatal",
    "fatal": "fatal",
}
_TRACE_ID_BYTES = 16
_SPAN_ID_BYTES = 8
_NO_TRACE = bytes(_TRACE_ID_BYTES)
_NO_SPAN = bytes(_SPAN_ID_BYTES)


def decode_logs(
    raw: bytes, message: ExportLogsServiceRequest, memory: Memory, next_sequence: Callable[[], int]
) -> Decoded:
    decoded = Decoded.of(raw)
    attributes = memory.attributes(raw)
    now = time.time_ns()
    for resource_logs in message.resource_logs:
        resource = memory.resources.read(resource_logs.resource, attributes, decoded.batch)
        for scope_logs in resource_logs.scope_logs:
            scope = attributes.text(scope_logs.scope.name)
            accepted = decoded.count(resource.service, len(scope_logs.log_records))
            for record in scope_logs.log_records:
                row = _row(record, attributes, resource, scope, next_sequence(), now)
                if row is None:
                    reason = f"a log record's time ({record.time_unix_nano} ns) is past 2262"
                    decoded.reject(accepted, reason)
                else:
                    decoded.batch.logs.append(row)
    return decoded


def tail_rows(rows: list[Row], resources: dict[int, dict[str, Any]]) -> list[LogRow]:
    """Rows as the tail hands them out: columns by name, and the sender's attributes."""
    named: list[dict[str, Any]] = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return [{**row, "resource_attrs": resources.get(row["resource_id"], {})} for row in named]


def _row(
    record: LogRecord,
    attributes: Attributes,
    resource: Resource,
    scope: str,
    sequence: int,
    now: int,
) -> Row | None:
    found = attributes.read(record.attributes)
    body = record.body.string_value
    body = attributes.text(body) if body else _body(record, attributes)
    if name := record.event_name:
        found["event_name"] = name
        body = body or name
    trace_id, span_id, severity = record.trace_id, record.span_id, int(record.severity_number)
    severity = severity if 0 <= severity < len(_LEVELS) else 0
    word = attributes.text(record.severity_text)
    observed = record.observed_time_unix_nano
    ts = record.time_unix_nano or observed or now
    if ts > LAST_NS or observed > LAST_NS:
        return None
    return (
        sequence,
        ts,
        observed,
        severity,
        word,
        _LEVELS[severity] if severity else _LEVEL_WORDS.get(word.lower(), "unknown"),
        resource.service,
        body,
        trace_id.hex() if len(trace_id) == _TRACE_ID_BYTES and trace_id != _NO_TRACE else "",
        span_id.hex() if len(span_id) == _SPAN_ID_BYTES and span_id != _NO_SPAN else "",
        resource.id,
        scope,
        dumps(found),
    )


def _body(record: LogRecord, attributes: Attributes) -> str:
    value = attributes.cleaned(record.body)
    match value:
        case None:
            return ""
        case str():
            return value
        case dict():
            return dumps(value)
    return orjson.dumps(value).decode()[:MAX_TEXT]
