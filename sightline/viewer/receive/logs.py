"""Log records of an OTLP request as rows of the table `logs`."""

import time
from collections.abc import Callable
from typing import Any, NamedTuple

import orjson
from google.protobuf.message import DecodeError

from sightline.viewer.receive.attributes import MAX_TEXT, Attributes, dumps
from sightline.viewer.receive.decoding import LAST_NS, Decoded, Memory
from sightline.viewer.receive.fragments import Fragments, joined
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
_TS = COLUMNS.index("ts")
_TRACE_ID_BYTES = 16
_SPAN_ID_BYTES = 8
_NO_TRACE = bytes(_TRACE_ID_BYTES)
_NO_SPAN = bytes(_SPAN_ID_BYTES)


def decode_logs(
    raw: bytes, message: Any, memory: Memory, next_sequence: Callable[[], int]
) -> Decoded:
    """Of a `LogsView`."""
    decoded = Decoded.of(raw)
    attributes = memory.attributes(raw)
    rows, now = decoded.batch.logs, time.time_ns()
    for resource_logs in message.resource_logs:
        resource = memory.resources.read(resource_logs.resource, attributes, decoded.batch)
        for scope_logs in resource_logs.scope_logs:
            scope = attributes.text(scope_logs.scope.name)
            accepted = decoded.count(resource.service, len(scope_logs.log_records))
            sender = _Sender(attributes, memory.fragments, resource, scope, now)
            for record in scope_logs.log_records:
                try:
                    row = _row(record, sender, next_sequence())
                except DecodeError as error:
                    decoded.reject(accepted, f"an attribute of a log record is not OTLP: {error}")
                    continue
                if row is None:
                    reason = f"a log record's time ({record.time_unix_nano} ns) is past 2262"
                    decoded.reject(accepted, reason)
                else:
                    rows.append(row)
    # What has no time of its own is given ours.
    decoded.timed = any(row[_TS] != now for row in rows)
    return decoded


def tail_rows(rows: list[Row], resources: dict[int, dict[str, Any]]) -> list[LogRow]:
    """Rows as the tail hands them out: columns by name, and the sender's attributes."""
    named: list[dict[str, Any]] = [dict(zip(COLUMNS, row, strict=True)) for row in rows]
    return [{**row, "resource_attrs": resources.get(row["resource_id"], {})} for row in named]


class _Sender(NamedTuple):
    """What the records of one scope of one resource have in common."""

    attributes: Attributes
    fragments: Fragments
    resource: Resource
    scope: str
    now: int


def _row(record: Any, sender: _Sender, sequence: int) -> Row | None:
    attributes, fragments, resource, scope, now = sender
    found = fragments.read(record.attributes[:], texts=attributes.texts)
    body = record.body.string_value
    body = attributes.text(body) if body else _body(record, attributes)
    if name := attributes.text(record.event_name):
        found["event_name"] = '"event_name":' + orjson.dumps(name).decode()
        body = body or name
    trace_id, span_id, severity = record.trace_id, record.span_id, record.severity_number
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
        joined(found),
    )


def _body(record: Any, attributes: Attributes) -> str:
    value = attributes.cleaned(record.body)
    match value:
        case None:
            return ""
        case str():
            return value
        case dict():
            return dumps(value)
    return orjson.dumps(value).decode()[:MAX_TEXT]
