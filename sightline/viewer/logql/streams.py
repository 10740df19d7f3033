"""Log queries: the newest or oldest lines that match, as Loki's streams."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.columns import SOURCE
from sightline.viewer.logql.labels import COLUMNS, LineLabels, LogRow, Resource, labels_of
from sightline.viewer.logql.pipeline import Pipeline, compiled
from sightline.viewer.sql.fragment import Questions, Value, at_most, sql

Direction = Literal["backward", "forward"]
_SHARES = (64, 8, 1)
_KEYS = f"SELECT l.ts, l.seq FROM {SOURCE} WHERE l.ts >= {{}} AND l.ts < {{}} AND {{}} "  # noqa: S608 — constants
_NEWEST_FIRST = _KEYS + "ORDER BY l.ts DESC, l.seq DESC {}"
_OLDEST_FIRST = _KEYS + "ORDER BY l.ts, l.seq {}"
_ROWS = (
    f"SELECT {COLUMNS} FROM logs l WHERE l.ts BETWEEN {{}} AND {{}} "  # noqa: S608 — constants
    "AND l.seq IN (SELECT unnest({}::BIGINT[]))"
)


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
    keys: list[tuple[Any, ...]] = []
    for part in _growing(window, direction):
        keys += sql(
            _NEWEST_FIRST if direction == "backward" else _OLDEST_FIRST,
            Value(part.start),
            Value(part.end),
            pipeline.condition,
            at_most(limit - len(keys)),
        ).ask(store)
        if len(keys) >= limit:
            break
    rows = _rows(store, keys)
    known = resources(store, {row.resource_id for row in rows})
    return [line_of(row, known[row.resource_id], pipeline) for row in rows]


def _growing(window: Window, direction: Direction) -> Iterator[Window]:
    """Ever longer parts, from the end that is wanted first: often the first part has enough."""
    length, done = window.end - window.start, 0
    for share in _SHARES:
        reached = length // share
        yield (
            Window(window.end - reached, window.end - done)
            if direction == "backward"
            else Window(window.start + done, window.start + reached)
        )
        done = reached


def _rows(store: Questions, keys: list[tuple[Any, ...]]) -> list[LogRow]:
    """In the order of the keys; whole rows are read only of lines that are shown."""
    if not keys:
        return []
    times = [ts for ts, _ in keys]
    wanted = Value([seq for _, seq in keys])
    rows = sql(_ROWS, Value(min(times)), Value(max(times)), wanted).ask(store)
    by_key = {(row[0], row[1]): LogRow(*row) for row in rows}
    return [by_key[key] for key in keys if key in by_key]


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
