"""What the store forgets: everything past an age, and the oldest when it grows too large."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sightline.viewer.store.head import Head
from sightline.viewer.store.series import SeriesIndex

PASS_SECONDS = 30.0
_NS = 1_000_000_000
# Ticks of each table's clock in one second.
_CLOCKS = {"spans": _NS, "logs": _NS, "points": 1_000, "exemplars": 1_000}

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    age_seconds: float = 24 * 3600
    size_bytes: int = 2 * 1024**3


class Retention:
    """Runs in the writer's thread, between two commits."""

    def __init__(
        self, limits: Limits, folder: Path | None, series: SeriesIndex, head: Head
    ) -> None:
        self.limits = limits
        self.removed = dict.fromkeys(_CLOCKS, 0)
        self.size_bytes = 0
        self._folder = folder
        self._series = series
        self._head = head
        self._due = time.monotonic() + PASS_SECONDS

    def when_due(self, connection: duckdb.DuckDBPyConnection) -> None:
        if time.monotonic() < self._due:
            return
        self._due = time.monotonic() + PASS_SECONDS
        try:
            self.run(connection, time.time())
        except duckdb.Error as error:
            log.warning("store.retention_failed", extra={"reason": str(error).splitlines()[0]})

    def run(self, connection: duckdb.DuckDBPyConnection, now: float) -> None:
        self._head.prune()
        oldest = now - self.limits.age_seconds
        removed = self._remove_before(connection, oldest)
        self.size_bytes = _size(connection)
        while self.size_bytes > self.limits.size_bytes and oldest < now:
            oldest = max(oldest, self._oldest(connection, now))
            # A tenth of what there is at a time keeps each pass short.
            oldest += max(1.0, (now - oldest) / 10)
            removed += self._remove_before(connection, oldest)
            connection.execute("CHECKPOINT")
            self.size_bytes = _size(connection)
        if removed:
            self._forget_series(connection, oldest)
            connection.execute("CHECKPOINT")
            log.info("store.retention", extra={"rows": removed})

    def _remove_before(self, connection: duckdb.DuckDBPyConnection, oldest: float) -> int:
        total = 0
        for table, clock in _CLOCKS.items():
            count = connection.execute(
                f"DELETE FROM {table} WHERE ts < ?",  # noqa: S608 — names from the table above
                [int(oldest * clock)],
            ).fetchall()[0][0]
            self.removed[table] += count
            total += count
        return total

    def _oldest(self, connection: duckdb.DuckDBPyConnection, now: float) -> float:
        found = [
            connection.execute(f"SELECT min(ts) / {clock} FROM {table}").fetchall()[0][0]  # noqa: S608 — names from the table above
            for table, clock in _CLOCKS.items()
        ]
        return min((ts for ts in found if ts is not None), default=now)

    def _forget_series(self, connection: duckdb.DuckDBPyConnection, oldest: float) -> None:
        gone = [
            row[0]
            for row in connection.execute(
                "SELECT id FROM series WHERE id NOT IN (SELECT DISTINCT series_id FROM points)"
            ).fetchall()
            # A sample that still waits in the queue is in the head already.
            if (self._head.last_seen(row[0]) or 0) < oldest * _CLOCKS["points"]
        ]
        connection.execute("DELETE FROM series WHERE id IN (SELECT unnest(?::BIGINT[]))", [gone])
        self._series.remove(gone)
        self._head.forget(gone)


def _size(connection: duckdb.DuckDBPyConnection) -> int:
    """Bytes in use: blocks that hold data, and the log of what is not yet in a block."""
    rows = connection.execute(
        "SELECT used_blocks * block_size FROM pragma_database_size()"
    ).fetchall()
    return int(rows[0][0])
