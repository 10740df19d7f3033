"""Read queries: a cursor of their own each, ended after ten seconds."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from sightline.viewer.store.database import first_line, is_damage

TIMEOUT_SECONDS = 10.0
OUT_OF_MEMORY = "the query needs more memory than the store may use; choose a shorter time range"


class QueryTimeout(Exception):  # noqa: N818 — reads as what happened
    """A query ran longer than it may; a narrower time range helps."""


class StoreDamaged(QueryTimeout):
    """What was read is not what was written; the store is about to be set aside."""


class Reader:
    """Safe from any thread; blocks, so asynchronous code calls it in a thread."""

    def __init__(
        self,
        connection: Callable[[], duckdb.DuckDBPyConnection],
        timeout: float = TIMEOUT_SECONDS,
        *,
        damaged: Callable[[duckdb.Error], None] | None = None,
    ) -> None:
        self._connection = connection
        self._damaged = damaged
        self._timeout = timeout

    def query(self, sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
        with self._cursor() as cursor:
            return cursor.execute(sql, params).fetchall()

    def arrays(self, sql: str, params: Sequence[object] = ()) -> dict[str, NDArray[Any]]:
        """Columns by name; NULLs as numpy's masked arrays have them."""
        with self._cursor() as cursor:
            columns: dict[str, NDArray[Any]] = cursor.execute(sql, params).fetchnumpy()
            return {name: np.asanyarray(column) for name, column in columns.items()}

    @contextmanager
    def _cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        cursor = self._connection().cursor()
        timer = threading.Timer(self._timeout, cursor.interrupt)
        timer.daemon = True
        timer.start()
        try:
            yield cursor
        except duckdb.InterruptException as error:
            raise QueryTimeout(
                f"the query took longer than {self._timeout:.0f} s; choose a shorter time range"
            ) from error
        except duckdb.Error as error:
            if self._damaged is None or not is_damage(error):
                raise
            self._damaged(error)
            raise StoreDamaged(
                f"the store is damaged, and a fresh one is begun: {first_line(error)}"
            ) from error
        finally:
            timer.cancel()
            cursor.close()
