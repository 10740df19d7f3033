"""Traces that a TraceQL query selects, newest first.

The database finds candidates by what a trace must have; the relations between spans are then
decided trace by trace.
"""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import duckdb
import orjson

from sightline.viewer.sql.fragment import (
    Questions,
    Sql,
    Value,
    all_of,
    any_of,
    at_most,
    joined,
    sql,
)
from sightline.viewer.traceql import conditions
from sightline.viewer.traceql import syntax as t
from sightline.viewer.traceql.parser import QueryError
from sightline.viewer.traceql.spansets import Trace, TraceSpan, leaves
from sightline.viewer.traceql.trace import times

_FIRST_WINDOW_NS = 2 * 1_000_000_000
_WIDER = 5
_CHUNK, _MOST_CANDIDATES = 200, 20_000
_DEADLINE_SECONDS = 10.0
_PLAIN = 8
_CANDIDATES = (
    "SELECT s.trace_id, max(s.ts) AS newest FROM spans s JOIN resources r ON r.id = s.resource_id "
    "WHERE s.ts >= {} AND s.ts <= {} AND {} GROUP BY s.trace_id HAVING {} "
    "ORDER BY newest DESC, s.trace_id {}"
)
_NEWEST = "SELECT max(ts) FROM spans WHERE ts BETWEEN {} AND {}"
_SPANS = (
    "SELECT s.trace_id, s.span_id, s.parent_id, s.ts, s.dur, s.service, s.name, s.status, {} "
    "FROM spans s JOIN resources r ON r.id = s.resource_id "
    "WHERE s.trace_id IN (SELECT unnest({}::VARCHAR[])) AND s.ts BETWEEN {} AND {}"
)


@dataclass(frozen=True, slots=True)
class Found:
    """A trace, the spans of it that were selected, and the attributes that were asked for."""

    trace_id: str
    spans: list[TraceSpan]
    selected: list[TraceSpan]
    shown: list[t.Field]


@dataclass(frozen=True, slots=True)
class Plan:
    query: t.Query
    leaves: list[t.Leaf]
    tests: list[Sql]
    shown: list[t.Field]

    @property
    def exact(self) -> bool:
        """Whether a candidate is sure to be an answer."""
        return isinstance(self.query.spansets, t.Leaf) and all(
            isinstance(stage, t.Select) for stage in self.query.stages
        )


def search(store: Questions, query: t.Query, start: int, end: int, limit: int) -> list[Found]:
    plan = _planned(store, query, start, end)
    deadline = time.monotonic() + _DEADLINE_SECONDS
    found: list[Found] = []
    judged: set[str] = set()
    for begin in _windows(start, _newest_span(store, start, end)):
        most = limit if plan.exact else _MOST_CANDIDATES
        likely = _candidates(store, plan, begin, end, most)
        if plan.exact and len(likely) < limit and begin > start:
            continue  # a longer window has all of these, and enough
        candidates = [trace_id for trace_id in likely if trace_id not in judged]
        for chunk in (candidates[i : i + _CHUNK] for i in range(0, len(candidates), _CHUNK)):
            judged.update(chunk)
            found += _judged(store, plan, chunk)
            if len(found) >= limit:
                return _newest(found)[:limit]
            if time.monotonic() > deadline:
                raise _too_wide()
        if len(likely) >= _MOST_CANDIDATES and not plan.exact:
            raise _too_wide()
    return _newest(found)


def _too_wide() -> QueryError:
    return QueryError(
        "too many traces could match to look through them all; "
        "choose a shorter time range or more specific conditions"
    )


def _newest(found: list[Found]) -> list[Found]:
    return sorted(found, key=lambda each: -max(span.ts for span in each.selected))


def _planned(store: Questions, query: t.Query, start: int, end: int) -> Plan:
    found = list(dict.fromkeys(leaves(query)))
    for leaf in found:
        for pattern in conditions.patterns(leaf.condition):
            _check_pattern(store, pattern)
    shown = [field for leaf in found for field in conditions.fields(leaf.condition)]
    shown += [f for stage in query.stages if isinstance(stage, t.Select) for f in stage.fields]
    tests = [conditions.compiled(leaf.condition, start, end) for leaf in found]
    asked = [field for field in dict.fromkeys(shown) if field.scope != "intrinsic"]
    return Plan(query, found, tests, asked)


def _check_pattern(store: Questions, pattern: str) -> None:
    try:
        store.query("SELECT regexp_full_match('', ?)", [pattern])
    except duckdb.Error as error:
        reason = str(error).split(":", 1)[-1].strip()
        raise QueryError(f"invalid regular expression {pattern!r}: {reason}") from None


def _newest_span(store: Questions, start: int, end: int) -> int:
    """Where to begin to look: long after the last span there is nothing to be found."""
    for begin in (max(start, end - _FIRST_WINDOW_NS), start):
        newest = sql(_NEWEST, Value(begin), Value(end)).ask(store)[0][0]
        if newest is not None:
            return int(newest)
    return start


def _windows(start: int, end: int) -> Iterator[int]:
    """Begins of ever longer windows before the end: the newest traces are found in the first."""
    width = _FIRST_WINDOW_NS
    while width < end - start:
        yield end - width
        width *= _WIDER
    yield start


def _candidates(store: Questions, plan: Plan, begin: int, end: int, most: int) -> list[str]:
    rows = sql(
        _CANDIDATES,
        Value(begin),
        Value(end),
        any_of(plan.tests),
        all_of([_necessary(plan, plan.query.spansets), *_reduced(plan)]),
        at_most(most),
    ).ask(store)
    return [row[0] for row in rows]


def _necessary(plan: Plan, spansets: t.Spansets) -> Sql:
    """What a trace must have to match, whatever its spans' relations."""
    if isinstance(spansets, t.Leaf):
        return sql("bool_or(coalesce({}, FALSE))", plan.tests[plan.leaves.index(spansets)])
    sides = [_necessary(plan, spansets.left), _necessary(plan, spansets.right)]
    either = isinstance(spansets, t.Both) and spansets.op == "||"
    return any_of(sides) if either else all_of(sides)


def _reduced(plan: Plan) -> Iterator[Sql]:
    """What `count` and `max` ask of a single spanset, so that few traces are looked through."""
    aggregates = {"count": "count(DISTINCT s.span_id)", "max": "max(s.dur)"}
    if not isinstance(plan.query.spansets, t.Leaf):
        return
    for stage in plan.query.stages:
        if not isinstance(stage, t.Reduced):
            return
        if stage.function in aggregates and stage.op in (">", ">="):
            yield sql(f"{aggregates[stage.function]} {stage.op} {{}}", Value(stage.value))


def _judged(store: Questions, plan: Plan, trace_ids: list[str]) -> list[Found]:
    order = {leaf: index for index, leaf in enumerate(plan.leaves)}
    found = []
    for trace_id, spans in _spans(store, plan, trace_ids).items():
        selected = Trace(spans, order).selected(plan.query)
        if selected:
            found.append(Found(trace_id, spans, selected, plan.shown))
    return found


def _spans(store: Questions, plan: Plan, trace_ids: list[str]) -> dict[str, list[TraceSpan]]:
    within = times(store, trace_ids)
    if within is None:
        return {}
    answers = [sql("coalesce({}, FALSE)", test) for test in plan.tests]
    rows = sql(
        _SPANS,
        joined(", ", [*answers, *(conditions.json_of(field) for field in plan.shown)]),
        Value(trace_ids),
        *map(Value, within),
    ).ask(store)
    traces: dict[str, dict[str, TraceSpan]] = {}
    last = _PLAIN + len(plan.tests)
    for row in rows:
        shown = tuple(None if value is None else orjson.loads(value) for value in row[last:])
        values: list[Any] = [*row[1:_PLAIN], row[_PLAIN:last], shown]
        traces.setdefault(row[0], {}).setdefault(row[1], TraceSpan(*values))
    return {trace_id: list(spans.values()) for trace_id, spans in traces.items()}
