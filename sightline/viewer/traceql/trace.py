"""One trace read from the store, whole and with each span once."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import orjson

from sightline.viewer.sql.fragment import TRUE, Questions, Sql, Value, sql

_PLAIN = 12  # columns that are taken as they are
HINT_SLACK_NS = 15 * 60 * 1_000_000_000  # how far from a link's time its trace may reach

_SPANS = """
SELECT s.ts, s.dur, s.trace_id, s.span_id, s.parent_id, s.resource_id, s.scope, s.service, s.name,
       s.kind, s.status, coalesce(s.status_message, ''), s.attrs, s.events, s.links, r.attrs
FROM spans s LEFT JOIN resources r ON r.id = s.resource_id
WHERE s.trace_id = {} AND s.ts BETWEEN {} AND {} ORDER BY s.ts, s.span_id
"""
# All spans of these traces begin within these times.
_TIMES = """
SELECT min(t.first_ts), max(t.last_ts) FROM traces t
WHERE t.trace_id IN (SELECT unnest({}::UUID[])) AND {}
"""


@dataclass(frozen=True, slots=True)
class Span:
    ts: int
    dur: int
    trace_id: str
    span_id: str
    parent_id: str
    resource_id: int
    scope: str
    service: str
    name: str
    kind: int
    status: int
    status_message: str
    attrs: dict[str, Any]
    events: list[dict[str, Any]]
    links: list[dict[str, Any]]
    resource: dict[str, Any]


def read_trace(
    store: Questions, trace_id: str, start: int | None = None, end: int | None = None
) -> list[Span]:
    """Times are hints in nanoseconds: they make it fast, they never make it less than whole."""
    if start is not None and end is not None:
        begin, finish = start - HINT_SLACK_NS, end + HINT_SLACK_NS
        near = sql("t.last_ts >= {} AND t.first_ts <= {}", Value(begin), Value(finish))
        spans = _read(store, trace_id, near)
        if spans and _is_whole(spans, finish):
            return spans
    return _read(store, trace_id, TRUE)


def times(store: Questions, trace_ids: list[str], where: Sql = TRUE) -> tuple[int, int] | None:
    """When the first and the last span of any of these traces begin; None of unknown ones."""
    first, last = sql(_TIMES, Value(trace_ids), where).ask(store)[0]
    return None if first is None else (first, last)


def _read(store: Questions, trace_id: str, near: Sql) -> list[Span]:
    within = times(store, [trace_id], near)
    if within is None:
        return []
    seen: dict[str, Span] = {}
    for row in sql(_SPANS, Value(trace_id), *map(Value, within)).ask(store):
        seen.setdefault(row[3], _span(row))
    return list(seen.values())


def _is_whole(spans: Iterable[Span], finish: int) -> bool:
    spans = list(spans)
    known = {"", *(span.span_id for span in spans)}
    return all(span.parent_id in known and span.ts + span.dur <= finish for span in spans)


def _span(row: tuple[Any, ...]) -> Span:
    attrs, events, links, resource = row[_PLAIN:]
    known = orjson.loads(resource or "{}")
    known.setdefault("service.name", row[7])
    values: list[Any] = [
        *row[:_PLAIN],
        orjson.loads(attrs or "{}"),
        orjson.loads(events or "[]"),
        orjson.loads(links or "[]"),
        known,
    ]
    return Span(*values)
