"""What the store forgets: all past an age, and what gives way when it grows too large."""

import logging
import time
from dataclasses import dataclass
from pathlib import Path

import duckdb

from sightline.viewer.store.calls import Calls
from sightline.viewer.store.database import FILE_NAME
from sightline.viewer.store.eviction import Evicted, evict
from sightline.viewer.store.head import Head
from sightline.viewer.store.memory import give_back
from sightline.viewer.store.series import SeriesIndex

PASS_SECONDS = 30.0
SIZE_SECONDS = 2.0  # between two looks at the size
MAX_ROUNDS = 40
ROOM = 0.9  # of the limit, left by a pass that evicts
MEMORY_BYTES = 256 * 1024**2  # the limit of a store that has no disk
REPEATS_SECONDS = 600.0  # how long senders may try again with the same request
_NS = 1_000_000_000
# Ticks of each table's clock in one second.
_CLOCKS = {"spans": _NS, "logs": _NS, "points": 1_000, "exemplars": 1_000}

_ON_DISK = "SELECT used_blocks * block_size FROM pragma_database_size()"
_IN_MEMORY = "SELECT sum(memory_usage_bytes) FROM duckdb_memory() WHERE tag = 'IN_MEMORY_TABLE'"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Limits:
    age_seconds: float = 24 * 3600
    size_bytes: int = 2 * 1024**3


class Retention:
    """Runs in the writer's thread, between two commits."""

    def __init__(
        self,
        limits: Limits,
        folder: Path | None,
        series: SeriesIndex,
        head: Head,
        calls: Calls,
    ) -> None:
        self.age_seconds = limits.age_seconds
        self.max_bytes = (
            min(limits.size_bytes, MEMORY_BYTES) if folder is None else limits.size_bytes
        )
        self.removed = dict.fromkeys(_CLOCKS, 0)
        self.evicted: dict[tuple[str, str], int] = {}
        self.size_bytes = 0
        self._folder = folder
        self._series = series
        self._head = head
        self._calls = calls
        self._age_due = time.monotonic() + PASS_SECONDS
        self._size_due = time.monotonic() + SIZE_SECONDS

    def when_due(self, connection: duckdb.DuckDBPyConnection) -> None:
        now = time.monotonic()
        if now >= self._age_due:
            self._age_due = now + PASS_SECONDS
            self.by_age(connection, time.time())
            give_back()
        if now >= self._size_due:
            self._size_due = now + SIZE_SECONDS
            self.by_size(connection)

    def by_age(self, connection: duckdb.DuckDBPyConnection, now: float) -> None:
        self._head.prune()
        repeats = int((now - REPEATS_SECONDS) * 1000)
        connection.execute("DELETE FROM requests WHERE ts < ?", [repeats])
        oldest = now - self.age_seconds
        if self._remove_before(connection, oldest):
            self._forget_series(connection, oldest)
            connection.execute("CHECKPOINT")

    def by_size(self, connection: duckdb.DuckDBPyConnection) -> None:
        """If it is too large, make room, the largest sender first."""
        self.size_bytes = self._size(connection)
        if self.size_bytes <= self.max_bytes:
            return
        # What is not yet compressed counts too much.
        connection.execute("CHECKPOINT")
        self.size_bytes = self._size(connection)
        for _ in range(MAX_ROUNDS):
            if self.size_bytes <= self.max_bytes * ROOM:
                return
            evicted = evict(connection)
            if evicted is None:
                return
            self._note(evicted)
            before, self.size_bytes = self.size_bytes, self._size(connection)
            if self.size_bytes >= before:
                # Readers of old rows may hold the room; a later pass will find it free.
                return

    def _note(self, evicted: Evicted) -> None:
        key = (evicted.table, evicted.service)
        self.evicted[key] = self.evicted.get(key, 0) + evicted.rows
        self.removed[evicted.table] += evicted.rows
        log.warning("store.evicted: %d %s of %s", evicted.rows, evicted.table, evicted.service)

    def _remove_before(self, connection: duckdb.DuckDBPyConnection, oldest: float) -> int:
        total = 0
        for table, clock in _CLOCKS.items():
            count = connection.execute(
                f"DELETE FROM {table} WHERE ts < ?",  # noqa: S608 — names from the table above
                [int(oldest * clock)],
            ).fetchall()[0][0]
            self.removed[table] += count
            total += count
        connection.execute("DELETE FROM traces WHERE last_ts < ?", [int(oldest * _NS)])
        self._calls.forget(connection, int(oldest * _NS))
        return total

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

    def _size(self, connection: duckdb.DuckDBPyConnection) -> int:
        """Bytes in use: blocks that hold data and the log, or the tables' own memory."""
        query = _IN_MEMORY if self._folder is None else _ON_DISK
        size = int(connection.execute(query).fetchall()[0][0] or 0)
        wal = self._folder / f"{FILE_NAME}.wal" if self._folder else None
        return size + (wal.stat().st_size if wal and wal.exists() else 0)
