"""The one thread that writes: a queue bounded by bytes, a commit every few thousand rows."""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

import duckdb

from sightline.viewer.store.batch import Batch
from sightline.viewer.store.database import StoreUnusable, first_line, is_damage
from sightline.viewer.store.insertion import insert

QUEUE_BYTES = 16 * 1024 * 1024  # of requests; the rows made of them take four times as much
FLUSH_ROWS = 8_192
FLUSH_SECONDS = 0.25
RETRY_SECONDS = 1.0
MOST_INVALIDATIONS = 3  # one after the other, before the file is given up

# What no retry can store. Decoders let nothing such through; if one does, the writer survives it.
_UNFIT = (duckdb.DataError, duckdb.ProgrammingError, ValueError, TypeError, OverflowError)

log = logging.getLogger(__name__)


class QueueFull(Exception):  # noqa: N818 — reads as what happened
    """The writer does not keep up; the sender should try again later."""


class NotStored(Exception):  # noqa: N818 — reads as what happened
    """What was to be waited for will never be on disk."""


@dataclass(slots=True)
class _Waiting:
    batch: Batch
    stored: Future[None] | None


class Writer:
    """Takes batches from any thread and commits them in order; `close` flushes all of them."""

    def __init__(
        self,
        connection: Callable[[], duckdb.DuckDBPyConnection],
        *,
        reopen: Callable[[duckdb.Error | None], None],
        upkeep: Callable[[duckdb.DuckDBPyConnection], None],
        arriving: Callable[[duckdb.DuckDBPyConnection, Batch], None],
        gone: Callable[[], bool] = lambda: False,
        queue_bytes: int = QUEUE_BYTES,
    ) -> None:
        self._connection = connection
        self._reopen = reopen
        self._upkeep = upkeep
        self._arriving = arriving
        self._gone = gone
        self._limit = queue_bytes
        self._queue: deque[_Waiting] = deque()
        self._bytes = 0
        self._rows = 0
        self._changed = threading.Condition()
        self._closing = False
        self._urgent = 0
        self._invalid = False
        self._invalidations = 0
        self._damage: duckdb.Error | None = None
        self.trouble = ""  # why nothing can be stored right now; "" while all is well
        self.lost_rows = 0
        self._thread = threading.Thread(target=self._run, name="store-writer", daemon=True)
        self._thread.start()

    @property
    def queued_bytes(self) -> int:
        return self._bytes

    def reserve(self, size: int) -> None:
        """Room for a batch, or `QueueFull`; an empty queue takes a batch of any size."""
        with self._changed:
            if self._closing or (self._bytes and self._bytes + size > self._limit):
                raise QueueFull
            self._bytes += size

    def release(self, size: int) -> None:
        with self._changed:
            self._bytes -= size

    def put(self, batch: Batch, *, wait: bool = False) -> Future[None] | None:
        """Queue a batch whose size is reserved; with `wait`, a future done at its commit."""
        stored: Future[None] | None = Future() if wait else None
        if stored is not None:
            # Whoever gives up waiting takes nothing back.
            stored.set_running_or_notify_cancel()
        with self._changed:
            self._queue.append(_Waiting(batch, stored))
            self._rows += batch.rows
            if wait:
                self._urgent += 1
            if wait or self._rows >= FLUSH_ROWS or len(self._queue) == 1:
                self._changed.notify()
        return stored

    def flush(self, timeout: float = 30) -> None:
        """Return when everything queued so far is committed."""
        stored = self.put(Batch(), wait=True)
        assert stored is not None  # noqa: S101 — `wait` promises it
        stored.result(timeout)

    def close(self, timeout: float = 30) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(timeout)
        if self._thread.is_alive():
            log.error("store.close_timed_out", extra={"queued_bytes": self._bytes})

    def _run(self) -> None:
        while True:
            taken = self._take()
            if taken:
                self._store(taken)
            elif self._closing:
                return
            self._keep_up()

    def _keep_up(self) -> None:
        try:
            self._upkeep(self._connection())
            self._require_file()
        except (duckdb.Error, OSError) as error:
            log.warning("store.upkeep_failed: %s", first_line(error))
            self._judge(error)
        if self._invalid:
            self._attempts(Batch())

    def _take(self) -> list[_Waiting]:
        """Wait for a flush to be due; at most a few times its rows at once."""
        with self._changed:
            if not self._queue and not self._closing:
                self._changed.wait(1.0)
            due = time.monotonic() + FLUSH_SECONDS
            while self._queue and not self._due() and (left := due - time.monotonic()) > 0:
                self._changed.wait(left)
            taken, rows = [], 0
            while self._queue and rows < FLUSH_ROWS:
                waiting = self._queue.popleft()
                rows += waiting.batch.rows
                taken.append(waiting)
            self._rows -= rows
            self._urgent -= sum(1 for waiting in taken if waiting.stored)
            return taken

    def _due(self) -> bool:
        return self._closing or bool(self._urgent) or self._rows >= FLUSH_ROWS

    def _store(self, taken: list[_Waiting]) -> None:
        batch = Batch()
        for waiting in taken:
            batch.extend(waiting.batch)
        lost = self._attempts(batch)
        if lost and len(taken) > 1 and lost != self.trouble:
            # Only what is unfit is lost, not what came along with it.
            for waiting in taken:
                self._store([waiting])
            return
        if lost:
            self.lost_rows += batch.rows
            log.error("store.rows_lost: %d rows: %s", batch.rows, lost)
            # Later rows of the same senders and series need what describes these.
            described = (batch.resources, batch.series, batch.metadata)
            if not self._closing and any(described):
                resources, series, metadata = described
                self._attempts(Batch(resources=resources, series=series, metadata=metadata))
        with self._changed:
            self._bytes -= batch.size
        for waiting in taken:
            if waiting.stored is None:
                continue
            if lost:
                waiting.stored.set_exception(NotStored(lost))
            else:
                waiting.stored.set_result(None)

    def _attempts(self, batch: Batch) -> str:
        """Until it is stored, which is ""; otherwise why it never will be."""
        while True:
            invalidations = self._invalidations
            try:
                if self._invalid:
                    self._reopen(self._damage)
                    self._invalid, self._damage = False, None
                self._arriving(self._connection(), batch)
                insert(self._connection(), batch)
                self._require_file()
            except _UNFIT as error:
                # Trying again would fail again, and hold up all that is sound behind it.
                return f"unfit: {first_line(error)}"
            except (duckdb.Error, StoreUnusable, OSError) as error:
                self._suffer(error)
            else:
                self._recovered()
                return ""
            if self._closing:
                return self.trouble
            # One that invalidates the database for the first time may be gone when it is reopened.
            if (invalidations, self._invalidations) != (0, 1):
                time.sleep(RETRY_SECONDS)

    def _require_file(self) -> None:
        """DuckDB does not notice for long, and writes to a file that has no name any more."""
        if self._gone():
            raise FileNotFoundError("the store's file was taken away")

    def _recovered(self) -> None:
        self._invalidations = 0
        if self.trouble:
            log.warning("store.recovered")
            self.trouble = ""

    def _suffer(self, error: Exception) -> None:
        text = first_line(error)
        if text != self.trouble:
            log.error("store.cannot_write: %s", text)
        self.trouble = text
        self._judge(error)

    def _judge(self, error: Exception) -> None:
        """Whether the database is to be opened anew, and whether as a fresh one."""
        if self._gone():
            self._invalid = True
            return
        if not isinstance(error, duckdb.Error):
            return
        # After an INTERNAL or FATAL error DuckDB refuses everything until then.
        if isinstance(error, duckdb.InternalException | duckdb.FatalException):
            self._invalid = True
            self._invalidations += 1
        if is_damage(error) or self._invalidations >= MOST_INVALIDATIONS:
            self._invalid, self._damage = True, error
