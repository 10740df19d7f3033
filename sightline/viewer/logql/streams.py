"""Log queries: the newest or oldest lines that match, as Loki's streams."""

from collections.abc import Iterable, Sequence
from typing import Literal, NamedTuple

from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.columns import SOURCE
from sightline.viewer.logql.labels import COLUMNS, LineLabels, LogRow, Resource, labels_of
from sightline.viewer.logql.pipeline import Pipeline, compiled
from sightline.viewer.sql.fragment import Questions, Value, sql

Direction = Literal["backward", "forward"]
_FOUND = f"SELECT {COLUMNS} FROM {SOURCE} WHERE l.ts >= {{}} AND l.ts < {{}} AND {{}} "  # noqa: S608 — constants
_NEWEST_FIRST = _FOUND + "ORDER BY l.ts DESC, l.seq DESC LIMIT {}"
_OLDEST_FIRST = _FOUND + "ORDER BY l.ts, l.seq LIMIT {}"


class Line(NamedTuple):
    ts: int
    seq: int
    text: str
    labels: LineLabels


class Window(NamedTuple):
    """Nanoseconds; the start is included, the end is not."""

    start: int
    end: int


def read_lines(
    store: Questions, query: s.LogQuery, window: Window, limit: int, direction: Direction
) -> list[Line]:
    pipeline = compiled(query)
    statement = sql(
        _NEWEST_FIRST if direction == "backward" else _OLDEST_FIRST,
        Value(window.start),
        Value(window.end),
        pipeline.condition,
        Value(limit),
    )
    rows = [LogRow(*row) for row in statement.ask(store)]
    known = resources(store, {row.resource_id for row in rows})
    return [line_of(row, known[row.resource_id], pipeline) for row in rows]


def line_of(row: LogRow, resource: Resource, pipeline: Pipeline) -> Line:
    labels = labels_of(row, resource, pipeline.parsers, pipeline.shaping)
    return Line(row.ts, row.seq, row.body, labels)


def thinned(lines: Sequence[Line], interval: int) -> list[Line]:
    """One line at most in each interval, counted from the last one kept."""
    kept: list[Line] = []
    for line in lines:
        if not kept or abs(line.ts - kept[-1].ts) >= interval:
            kept.append(line)
    return kept


def resources(store: Questions, ids: Iterable[int]) -> dict[int, Resource]:
    wanted = sql(
        "SELECT id, service, namespace, environment, attrs FROM resources "
        "WHERE list_contains({}::BIGINT[], id)",
        Value(list(ids)),
    )
    return {row[0]: Resource.of(*(value or "" for value in row[1:])) for row in wanted.ask(store)}
