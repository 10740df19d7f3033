"""Calls between services, counted once: to pair the spans of an hour takes seconds where there are
millions.

Time is cut into slices of ten seconds. One that got no span for a while is settled: its calls are
counted and kept. A span that comes later unsettles it.
"""

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import duckdb

from sightline.viewer.sql.fragment import Sql, Value, sql
from sightline.viewer.store.insertion import roll_back

SECOND_NS = 1_000_000_000
SLICE_NS = 10 * SECOND_NS
GROWTH = 1.04  # of one bucket of durations to the next: each is known to a fiftieth
QUIET_SECONDS = 6.0
_DUE_SECONDS = 2.0
_QUICK_SECONDS, _SLOW_SECONDS = 0.05, 0.15  # of a pass, during which nothing is stored
_MOST_AT_ONCE = 64
_MOST_WAITING = 300_000  # more slices than a month has; what is not settled is right too, and slow
_WIDEST = 8_640  # slices, a day; a wider gap is jumped over: one wrong clock may make it of decades
_AHEAD = 360  # slices; senders whose clocks are wrong by more are not waited for
_TS, _DUR, _KIND = 0, 1, 9  # of a row of spans
_SERVER, _CLIENT, _PRODUCER, _CONSUMER, _ERROR = 2, 3, 4, 5, 2
# So long after the client's side, or the sender's of a message, the other side begins at most.
_LATER_NS, _MUCH_LATER_NS = 15 * SECOND_NS, 60 * SECOND_NS
_SKEW_NS = 5 * SECOND_NS  # of clocks
_LAST_NS = 2**63 - 1  # of the times that the store can hold
_BUCKET = f"CAST(ceil(ln(greatest(dur, 1)) / ln({GROWTH})) AS SMALLINT)"

_COUNTED = f"""
WITH served AS (
    SELECT DISTINCT ON (s.trace_id, s.span_id)
        s.ts // {SLICE_NS} AS slice, c.service AS client, s.service AS server, s.dur,
        s.status = {_ERROR} AS failed, s.status = {_ERROR} OR c.status = {_ERROR} AS call_failed
    FROM spans s LEFT JOIN spans c ON c.span_id = s.parent_id AND c.trace_id = s.trace_id
        AND c.ts BETWEEN {{}} AND {{}}
        AND (c.kind = {_PRODUCER} OR c.kind = {_CLIENT} AND c.ts >= {{}})
    WHERE s.ts BETWEEN {{}} AND {{}} AND s.kind IN ({_SERVER}, {_CONSUMER})
)
SELECT slice, '' AS client, server, {_BUCKET} AS bucket, count(*) AS calls,
       count(*) FILTER (failed) AS errors
FROM served GROUP BY ALL
UNION ALL
SELECT slice, client, server, {_BUCKET}, count(*), count(*) FILTER (call_failed)
FROM served WHERE client IS NOT NULL GROUP BY ALL
"""  # noqa: S608 — constants of ours


def counted(start: int, end: int) -> Sql:
    """Of spans that begin between two times, as rows of `calls`. A resent span counts once."""
    earliest, latest = start - _MUCH_LATER_NS, min(end + _SKEW_NS, _LAST_NS)
    nearly = start - _LATER_NS
    return sql(_COUNTED, *map(Value, (earliest, latest, nearly, start, min(end, _LAST_NS))))


class Calls:
    """Kept by the writer, in its thread."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, age_seconds: float) -> None:
        self._age_ns = int(age_seconds * SECOND_NS)
        self.restart(connection)

    def restart(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Over a database just opened, of which only that much is known."""
        self._settled = {row[0] for row in connection.execute("FROM settled").fetchall()}
        self._waiting: dict[int, float] = {}  # slices with spans to be counted, and since when
        self._looked_back = False
        self._due = time.monotonic() + _DUE_SECONDS
        self._at_once = 1

    @property
    def waiting(self) -> int:
        """Slices that are yet to be counted."""
        return len(self._waiting)

    def arriving(
        self, connection: duckdb.DuckDBPyConnection, spans: Sequence[tuple[Any, ...]]
    ) -> None:
        """Before they are stored: should that be all that happens, a slice is counted again."""
        if not spans:
            return
        slices = {row[_TS] // SLICE_NS for row in spans}
        late = self._settled & slices
        if self._settled and min(slices) <= max(self._settled):
            late |= self._settled & set(_answered(spans))
        if late:
            connection.execute(
                "DELETE FROM settled WHERE slice IN (SELECT unnest(?::BIGINT[]))", [list(late)]
            )
            self._settled -= late
        self._wait(slices | late, time.monotonic())

    def settle_when_due(self, connection: duckdb.DuckDBPyConnection) -> None:
        if time.monotonic() < self._due:
            return
        try:
            took = self._pass(connection)
        except duckdb.Error:
            # Most likely there is too much in so many; the writer tells of it, and comes again.
            self._at_once = max(self._at_once // 2, 1)
            self._due = time.monotonic() + _DUE_SECONDS
            raise
        self._due = time.monotonic() + (took if took > _QUICK_SECONDS else _DUE_SECONDS)

    def _pass(self, connection: duckdb.DuckDBPyConnection) -> float:
        """The seconds that it took."""
        now = began = time.monotonic()
        if not self._looked_back:
            self._look_back(connection)
        while now - began < _SLOW_SECONDS and (chosen := self._next(now)):
            self._settle(connection, *chosen)
            now = time.monotonic()
        return now - began

    def _settle(self, connection: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
        began = time.monotonic()
        try:
            _count(connection, first, last)
        except duckdb.Error:
            # Quiet anew before it is tried again: what cannot be counted holds up no other.
            self._waiting[last] = began
            raise
        self._settled.update(range(first, last + 1))
        for each in range(first, last + 1):
            self._waiting.pop(each, None)
        took = time.monotonic() - began
        if took < _QUICK_SECONDS:
            self._at_once = min(self._at_once * 2, _MOST_AT_ONCE)
        elif took > _SLOW_SECONDS:
            self._at_once = max(self._at_once // 2, 1)

    def forget(self, connection: duckdb.DuckDBPyConnection, oldest_ns: int) -> None:
        """What began before; its spans go too."""
        before = oldest_ns // SLICE_NS
        for table in ("calls", "settled"):
            connection.execute(f"DELETE FROM {table} WHERE slice < ?", [before])  # noqa: S608 — a name from above
        self._settled = {each for each in self._settled if each >= before}
        self._waiting = {each: at for each, at in self._waiting.items() if each >= before}

    def _look_back(self, connection: duckdb.DuckDBPyConnection) -> None:
        """For what an earlier run, or an earlier version, left uncounted."""
        rows = connection.execute(f"SELECT DISTINCT ts // {SLICE_NS} FROM spans").fetchall()  # noqa: S608 — a number of ours
        self._wait({row[0] for row in rows} - self._settled - self._waiting.keys(), 0.0)
        self._looked_back = True

    def _wait(self, slices: Iterable[int], since: float) -> None:
        """What is too old, and goes soon, or too far ahead is left to be told by its spans."""
        now = time.time_ns()
        oldest, ahead = (now - self._age_ns) // SLICE_NS, now // SLICE_NS + _AHEAD
        if len(self._waiting) < _MOST_WAITING:
            self._waiting.update((each, since) for each in slices if oldest <= each < ahead)

    def _next(self, now: float) -> tuple[int, int] | None:
        """The newest that is quiet and some before it, with the empty ones between."""
        begun = time.time_ns() // SLICE_NS
        quiet = sorted(
            (
                each
                for each, at in self._waiting.items()
                if at <= now - QUIET_SECONDS and each < begun
            ),
            reverse=True,
        )
        if not quiet:
            return None
        first = last = quiet[0]
        for each in quiet[1 : self._at_once]:
            if last - each >= _WIDEST or not self._empty(range(each + 1, first)):
                break
            first = each
        below = max((each for each in self._settled if each < first), default=last - _WIDEST)
        if last - below < _WIDEST and self._empty(range(below + 1, first)):
            first = below + 1
        return first, last

    def _empty(self, slices: range) -> bool:
        return not any(each in self._settled or each in self._waiting for each in slices)


def _answered(spans: Iterable[tuple[Any, ...]]) -> Iterator[int]:
    """Slices in which the servers' sides of these clients' calls may lie."""
    for row in spans:
        ts, dur, kind = row[_TS], row[_DUR], row[_KIND]
        if kind in (_CLIENT, _PRODUCER):
            reach = _MUCH_LATER_NS if kind == _PRODUCER else min(dur, _LATER_NS)
            yield from range((ts - _SKEW_NS) // SLICE_NS, (ts + reach) // SLICE_NS + 1)


def _count(connection: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
    found = counted(first * SLICE_NS, (last + 1) * SLICE_NS - 1)
    connection.begin()
    try:
        for table in ("calls", "settled"):
            connection.execute(f"DELETE FROM {table} WHERE slice BETWEEN ? AND ?", [first, last])  # noqa: S608 — a name from above
        connection.execute(f"INSERT INTO calls {found.text}", found.params)
        connection.execute("INSERT INTO settled SELECT unnest(range(?, ?))", [first, last + 1])
        connection.commit()
    except duckdb.Error:
        roll_back(connection)
        raise
