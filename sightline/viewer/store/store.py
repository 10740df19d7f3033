"""The store: opened once, appended to by the receivers, read by the query APIs."""

import itertools
import logging
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import duckdb
from numpy.typing import NDArray

from sightline.viewer.promql.samples import Labels, Metadata
from sightline.viewer.store.batch import Batch
from sightline.viewer.store.calls import Calls
from sightline.viewer.store.database import (
    FILE_NAME,
    Opened,
    begin_anew,
    first_line,
    open_database,
)
from sightline.viewer.store.head import MOST_AHEAD_MS, Head
from sightline.viewer.store.insertion import insert
from sightline.viewer.store.reader import Reader
from sightline.viewer.store.retention import REPEATS_SECONDS, Limits, Retention
from sightline.viewer.store.samples import StoredSamples
from sightline.viewer.store.series import SeriesIndex
from sightline.viewer.store.tail import Tail
from sightline.viewer.store.writer import Writer

MOST_DESCRIBED = 50_000  # metrics with a type and a help text
MANY_RESOURCES = 2_000  # of which some are looked for that no row is of any more
MOST_DESCRIPTIONS = 8  # of one metric, by senders that do not agree

log = logging.getLogger(__name__)


# Only while nothing is received: a sender known by then is not described a second time.
_FORGET_RESOURCES = """
DELETE FROM resources WHERE id NOT IN
    (SELECT DISTINCT resource_id FROM spans UNION SELECT DISTINCT resource_id FROM logs)
"""


class Store:
    """One per process and data folder. Everything may be called from any thread."""

    def __init__(self, opened: Opened, folder: Path | None, limits: Limits) -> None:
        self._folder = folder
        self._connection = opened.connection
        self._lock = threading.Lock()
        self.set_aside = opened.set_aside
        self._damage: duckdb.Error | None = None
        self.reader = Reader(lambda: self._connection, damaged=self._found_damaged)
        self.tail = Tail()
        self._load()
        self.samples = StoredSamples(self.series, self.head, self.reader, self._metadata)
        self._calls = Calls(self._connection, limits.age_seconds)
        self.retention = Retention(limits, folder, self.series, self.head, self._calls)
        self.writer = Writer(
            lambda: self._connection,
            reopen=self._reopen,
            upkeep=self._upkeep,
            arriving=lambda connection, batch: self._calls.arriving(connection, batch.spans),
            gone=self._is_gone,
        )

    @classmethod
    def open(cls, path: Path | None, limits: Limits | None = None) -> "Store":
        """Open or create the store in a folder of its own; None keeps it in memory."""
        opened = open_database(path)
        try:
            return cls(opened, path, limits or Limits())
        except duckdb.Error as error:
            opened.connection.close()
            return cls(begin_anew(path, error), path, limits or Limits())

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        return self.reader.query(sql, params)

    def arrays(self, sql: str, params: Sequence[object] = ()) -> dict[str, NDArray[Any]]:
        return self.reader.arrays(sql, params)

    def reserve(self, size: int) -> None:
        """Room in the queue for a batch of that size, before the work of decoding it."""
        self.writer.reserve(size)

    def release(self, size: int) -> None:
        """Give back room that no batch will use."""
        self.writer.release(size)

    def append(self, batch: Batch, *, wait: bool = False) -> Future[None] | None:
        """Queue a batch whose room is reserved; with `wait`, a future done at its commit."""
        if len(batch.points):
            batch.points = self.head.add(batch.points)
        return self.writer.put(batch, wait=wait)

    def new_series(self, batch: Batch, name: str, labels: Labels) -> int:
        """The id of a series, which is stored with the batch if it is new."""
        series_id, row = self.series.add(name, labels)
        if row is not None:
            batch.series.append(row)
        return series_id

    def describe(self, batch: Batch, name: str, metadata: Metadata) -> None:
        """Keep a metric's type, help and unit, once."""
        known = self._metadata.get(name, {})
        if not known and len(self._metadata) < MOST_DESCRIBED:
            known = self._metadata[name] = {}
        if metadata not in known and len(known) < MOST_DESCRIPTIONS and name in self._metadata:
            known[metadata] = None
            batch.metadata.append((name, *metadata))

    def add_exemplar(
        self, batch: Batch, series_id: int, ts: int, value: float, labels: str
    ) -> None:
        """Keep an exemplar unless it is the series' last one, which senders repeat."""
        exemplar = (series_id, ts, value, labels)
        if self._last_exemplars.get(series_id) != exemplar:
            self._last_exemplars[series_id] = exemplar
            batch.exemplars.append(exemplar)

    def status(self) -> dict[str, object]:
        """What the page shows about the store."""
        return {
            "size_bytes": self.retention.size_bytes,
            "max_bytes": self.retention.max_bytes,
            "queued_bytes": self.writer.queued_bytes,
            "lost_rows": self.writer.lost_rows,
            "trouble": self.writer.trouble,
            "set_aside": self.set_aside,
            "removed_by_retention": dict(self.retention.removed),
            "evicted": [
                {"table": table, "service": service, "rows": rows}
                for (table, service), rows in sorted(self.retention.evicted.items())
            ],
            "series": len(self.series),
            "slices_to_settle": self._calls.waiting,
        }

    def flush(self, timeout: float = 30) -> None:
        self.writer.flush(timeout)

    def close(self) -> None:
        """Store everything that is queued, and close the file."""
        self.writer.close()
        with self._lock:
            self._connection.close()

    def _load(self) -> None:
        ask = self._connection.execute
        self.series = SeriesIndex(ask("SELECT id, name, labels FROM series").fetchall())
        now = int(time.time() * 1000)
        latest = [now + MOST_AHEAD_MS]
        newest = ask("SELECT max(ts) FROM points WHERE ts <= ?", latest).fetchall()[0][0] or 0
        self.head = Head(max(now, newest + 1))
        last = ask("SELECT max(seq) FROM logs").fetchall()[0][0] or 0
        self.next_sequence: Callable[[], int] = itertools.count(last + 1).__next__
        self._last_exemplars: dict[int, tuple[int, int, float, str]] = {}
        self._metadata: dict[str, dict[Metadata, None]] = {}
        for name, *rest in ask("SELECT name, type, help, unit FROM metric_metadata").fetchall():
            self._metadata.setdefault(name, {})[Metadata(*rest)] = None
        if ask("SELECT count(*) FROM resources").fetchall()[0][0] > MANY_RESOURCES:
            ask(_FORGET_RESOURCES)
        since = int((time.time() - REPEATS_SECONDS) * 1000)
        recent = "SELECT digest, ts / 1000 FROM requests WHERE ts >= ? ORDER BY ts"
        self.requests: list[tuple[str, float]] = ask(recent, [since]).fetchall()
        self.resources: set[int] = {row[0] for row in ask("SELECT id FROM resources").fetchall()}

    def _found_damaged(self, error: duckdb.Error) -> None:
        """By any reader; the writer, whose file it is, sees to it within a second."""
        self._damage = error

    def _upkeep(self, connection: duckdb.DuckDBPyConnection) -> None:
        """Between two commits, by the writer."""
        damage, self._damage = self._damage, None
        if damage is not None:
            raise damage
        self.retention.when_due(connection)
        self._calls.settle_when_due(connection)

    def _is_gone(self) -> bool:
        """The file, taken away by somebody; what is written to it would be nowhere."""
        if self._folder is None:
            return False
        try:
            (self._folder / FILE_NAME).stat()
        except (FileNotFoundError, NotADirectoryError):
            return True
        except OSError:
            # Whoever may not look cannot tell.
            return False
        return False

    def _reopen(self, damage: duckdb.Error | None) -> None:
        """After an error that invalidated the database; by the writer alone."""
        with self._lock:
            try:
                self._connection.close()
            except duckdb.Error as error:
                log.warning("store.close_failed: %s", first_line(error))
            opened = begin_anew(self._folder, damage) if damage else open_database(self._folder)
            self._connection = opened.connection
        self._calls.restart(opened.connection)
        if opened.set_aside or opened.fresh:
            lost = f"what {self._folder or 'the store in memory'} held was lost, and is begun anew"
            self.set_aside = opened.set_aside or lost
            self._restate()

    def _restate(self) -> None:
        """Tell a database that lacks something what only memory knows by now."""
        ask = self._connection.execute
        self.resources &= {row[0] for row in ask("SELECT id FROM resources").fetchall()}
        stored = {row[0] for row in ask("SELECT id FROM series").fetchall()}
        batch = Batch(series=[row for row in self.series.rows() if row.id not in stored])
        described = set(ask("SELECT name, type, help, unit FROM metric_metadata").fetchall())
        for name, entries in list(self._metadata.items()):
            rows = [(name, *metadata) for metadata in entries]
            batch.metadata += [row for row in rows if row not in described]
        insert(self._connection, batch)
