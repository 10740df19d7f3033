"""Who gives way when the store is full: the sender that holds most, oldest first, errors last."""

import math
from collections.abc import Mapping
from typing import NamedTuple

import duckdb

from sightline.viewer.store.insertion import roll_back

SHARE_PER_ROUND = 0.25
_SMALL = 500_000  # rows that are written anew within a second
_SPANS_OF_TIME = 1_024
_CLOSE = 0.01  # of all rows: by so many at most the share that goes may be larger
_FEW = 0.05  # so small a part that is harmless no longer shields the errors

# Samples and exemplars are of the service that their series names.
_OWNER = "coalesce(labels ->> '$.service_name', labels ->> '$.job', '')"
# Rough bytes that rows take on disk, so that shares can be compared: texts compress to a quarter.
_SHARES = f"""
WITH owners AS (SELECT id, {_OWNER} AS service FROM series),
samples AS (SELECT series_id, count(*) AS rows FROM points GROUP BY series_id),
examples AS (SELECT series_id, count(*) AS rows FROM exemplars GROUP BY series_id)
SELECT 'spans', service, count(*), count(*) * 60
    + sum(strlen(attrs) + strlen(events) + strlen(links) + strlen(status_message)) / 4 AS bytes
FROM spans GROUP BY service
UNION ALL
SELECT 'logs', service, count(*), count(*) * 40 + sum(strlen(attrs) + strlen(body)) / 4
FROM logs GROUP BY service
UNION ALL
SELECT 'points', coalesce(service, ''), sum(rows), sum(rows) * 8
FROM samples LEFT JOIN owners ON id = series_id GROUP BY coalesce(service, '')
UNION ALL
SELECT 'exemplars', coalesce(service, ''), sum(rows), sum(rows) * 60
FROM examples LEFT JOIN owners ON id = series_id GROUP BY coalesce(service, '')
ORDER BY bytes DESC LIMIT 1
"""  # noqa: S608 — a text from above
_OF_SERIES = f"series_id IN (SELECT id FROM series WHERE {_OWNER} = $service)"  # noqa: S608 — same
_WHOSE: Mapping[str, str] = {
    "spans": "service = $service",
    "logs": "service = $service",
    "points": _OF_SERIES,
    "exemplars": _OF_SERIES,
}
# Rows that tell of no error: of a trace, none of its spans does.
_HARMLESS: Mapping[str, str] = {
    "spans": "trace_id NOT IN (SELECT trace_id FROM spans WHERE status = 2)",
    "logs": "severity < 17",
    "points": "true",
    "exemplars": "true",
}

# Of which no span is left where there were some.
_FORGET_TRACES = """
DELETE FROM traces WHERE last_ts <= $cutoff
    AND trace_id NOT IN (SELECT CAST(trace_id AS UUID) FROM spans WHERE ts <= $cutoff)
"""


class Evicted(NamedTuple):
    table: str
    service: str
    rows: int


def evict(connection: duckdb.DuckDBPyConnection) -> Evicted | None:
    """One round: remove a quarter of what the largest sender has; None if there is nothing."""
    found = connection.execute(_SHARES).fetchall()
    if not found or not found[0][2]:
        return None
    table, service, rows, _ = found[0]
    whose, named = _WHOSE[table], {"service": service}
    harmless = f"{whose} AND {_HARMLESS[table]}"
    count, cutoff = _oldest(connection, table, harmless, named)
    if count < rows * _FEW:
        harmless = whose
        _, cutoff = _oldest(connection, table, harmless, named)
    removed = connection.execute(
        f"DELETE FROM {table} WHERE ts <= $cutoff AND {harmless}",  # noqa: S608 — texts from above
        {"cutoff": cutoff, **named},
    ).fetchall()
    if table == "spans":
        connection.execute(_FORGET_TRACES, {"cutoff": cutoff})
    _compact(connection, table)
    return Evicted(table, service, int(removed[0][0]))


def _compact(connection: duckdb.DuckDBPyConnection, table: str) -> None:
    """Give the room back. DuckDB does by itself, but only for row groups of 122,880 rows."""
    rows = connection.execute(f"SELECT count(*) FROM {table}").fetchall()[0][0]  # noqa: S608 — a name from above
    if rows <= _SMALL:
        connection.begin()
        try:
            connection.execute(f"CREATE TABLE compacted AS SELECT * FROM {table}")  # noqa: S608 — a name from above
            connection.execute(f"DROP TABLE {table}")
            connection.execute(f"ALTER TABLE compacted RENAME TO {table}")
            connection.commit()
        except duckdb.Error:
            roll_back(connection)
            raise
    connection.execute("CHECKPOINT")


def _oldest(
    connection: duckdb.DuckDBPyConnection, table: str, chosen: str, named: Mapping[str, str]
) -> tuple[int, int]:
    """How many there are, and the time up to which lies the share that goes, or little more.

    Counted by ever narrower spans of time: memory does not hold the times of millions of rows.
    """
    counts = f"FROM {table} WHERE {chosen}"
    found = connection.execute(f"SELECT count(*), min(ts), max(ts) {counts}", dict(named))
    count, low, high = found.fetchall()[0]
    wanted, before = math.ceil(count * SHARE_PER_ROUND), 0
    while count and low < high:
        width = (high - low) // _SPANS_OF_TIME + 1
        spans = connection.execute(
            f"SELECT (ts - $low) // $width AS span, count(*) {counts}"
            " AND ts BETWEEN $low AND $high GROUP BY span ORDER BY span",
            {"low": low, "high": high, "width": width, **named},
        ).fetchall()
        span, rows, before = _reaching(wanted, before, spans)
        low, high = low + span * width, min(high, low + (span + 1) * width - 1)
        if rows <= count * _CLOSE:
            break
    return count, high or 0


def _reaching(wanted: int, before: int, spans: list[tuple[int, int]]) -> tuple[int, int, int]:
    """The span in which so many rows are reached, its rows, and how many lie before it."""
    for span, rows in spans:
        if before + rows >= wanted:
            return span, rows, before
        before += rows
    raise AssertionError("fewer rows than were counted")
