"""Rows into DuckDB as columns of numpy, three times as fast as row by row."""

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from sightline.viewer.store.batch import Batch, Points, Row

Columns = dict[str, NDArray[Any]]

# Column types; text where not named. An empty text or -1 in a NULLABLE column is stored as NULL.
_TABLES: Mapping[str, Mapping[str, Any]] = {
    "resources": {
        "id": np.int64,
        "service": object,
        "namespace": object,
        "environment": object,
        "instance": object,
        "attrs": object,
    },
    "spans": {
        "ts": np.int64,
        "dur": np.int64,
        "trace_id": object,
        "span_id": object,
        "parent_id": object,
        "resource_id": np.int64,
        "scope": object,
        "service": object,
        "name": object,
        "kind": np.uint8,
        "status": np.uint8,
        "status_message": object,
        "http_route": object,
        "http_method": object,
        "http_status": np.int32,
        "attrs": object,
        "events": object,
        "links": object,
    },
    "logs": {
        "seq": np.int64,
        "ts": np.int64,
        "observed_ts": np.int64,
        "severity": np.uint8,
        "severity_text": object,
        "level": object,
        "service": object,
        "body": object,
        "trace_id": object,
        "span_id": object,
        "resource_id": np.int64,
        "scope": object,
        "attrs": object,
    },
    "series": {"id": np.int64, "name": object, "labels": object},
    "exemplars": {"series_id": np.int64, "ts": np.int64, "value": np.float64, "labels": object},
    "requests": {"digest": object, "ts": np.int64},
    "metric_metadata": {"name": object, "type": object, "help": object, "unit": object},
}
_NULLABLE = {"http_route": "''", "http_method": "''", "http_status": "-1"}
_INCOMING = "incoming"
# Rows of the table `traces` for the spans of a table.
TRACES_OF = """
SELECT CAST(trace_id AS UUID), min(ts), max(ts), max(ts + dur) FROM {} GROUP BY trace_id
"""
# What is stored of incoming rows besides themselves.
_DERIVED = {"spans": f"INSERT INTO traces {TRACES_OF.format(_INCOMING)}"}


def insert(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
    """All rows of a batch in one transaction, or none."""
    connection.begin()
    try:
        for table, columns in tables_of(batch):
            append(connection, table, columns, _DERIVED.get(table))
        connection.commit()
    except BaseException:
        # Whatever it is: the next transaction can only begin when this one has ended.
        roll_back(connection)
        raise


def tables_of(batch: Batch) -> Iterator[tuple[str, Columns]]:
    """The columns of each table that a batch has rows for."""
    for table, rows in (
        ("resources", batch.resources),
        ("series", batch.series),
        ("metric_metadata", batch.metadata),
        ("spans", batch.spans),
        ("logs", batch.logs),
        ("exemplars", batch.exemplars),
        ("requests", batch.requests),
    ):
        if rows:
            yield table, _columns(_TABLES[table], rows)
    if len(batch.points):
        yield "points", _columns_of_points(batch.points)


def roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.rollback()
    except duckdb.Error:
        # An invalidated database has no transaction left; the first error tells the cause.
        return


def _columns(types: Mapping[str, Any], rows: Sequence[Row]) -> Columns:
    return {
        name: np.array(values, dtype=types[name])
        for name, values in zip(types, zip(*rows, strict=True), strict=True)
    }


def _columns_of_points(points: Points) -> Columns:
    return {
        "series_id": np.frombuffer(points.series_id, dtype=np.int64),
        "ts": np.frombuffer(points.ts, dtype=np.int64),
        "value": np.frombuffer(points.value, dtype=np.float64),
        "stale": np.frombuffer(points.stale, dtype=np.bool_),
    }


def append(
    connection: duckdb.DuckDBPyConnection, table: str, columns: Columns, derived: str | None = None
) -> None:
    """Rows to the end of a table, and what a statement makes of them."""
    chosen = ", ".join(
        f"nullif({name}, {_NULLABLE[name]})" if name in _NULLABLE else name for name in columns
    )
    connection.register(_INCOMING, columns)
    try:
        connection.execute(
            f"INSERT INTO {table} ({', '.join(columns)}) SELECT {chosen} FROM {_INCOMING}"  # noqa: S608 — names from the table above
        )
        if derived:
            connection.execute(derived)
    finally:
        # Refused after an error, which must not be hidden: it tells whether the rows are at fault.
        with contextlib.suppress(duckdb.Error):
            connection.unregister(_INCOMING)
