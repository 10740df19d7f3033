"""Many rows from few: what was sent, again and again, with ids of its own and at later times.

To send ten million spans takes minutes that a filled store does not need: DuckDB writes copies a
few times faster. They differ from rows that were sent in nothing that a question could notice.
"""

from pathlib import Path

from sightline.viewer.store.database import open_database
from sightline.viewer.store.insertion import TRACES_OF

_COPIES = {
    "spans": """
        INSERT INTO spans
        SELECT * REPLACE (
            ts + $shift AS ts,
            md5(trace_id || $copy) AS trace_id,
            substr(md5(span_id || $copy), 1, 16) AS span_id,
            CASE parent_id WHEN '' THEN '' ELSE substr(md5(parent_id || $copy), 1, 16) END
                AS parent_id
        ) FROM spans WHERE ts < $until ORDER BY ts
    """,
    "logs": """
        INSERT INTO logs
        SELECT * REPLACE (
            seq + $copy * $rows AS seq,
            ts + $shift AS ts,
            observed_ts + $shift AS observed_ts,
            replace(body, ' order ', ' order ' || $copy) AS body,
            md5(trace_id || $copy) AS trace_id,
            substr(md5(span_id || $copy), 1, 16) AS span_id
        ) FROM logs WHERE ts < $until ORDER BY ts
    """,
}


def copy(data: Path, table: str, times: int, seconds: float) -> None:
    """So that there are `times` as many; each copy is `seconds` later than the one before."""
    connection = open_database(data).connection
    shift = round(seconds * 1_000_000_000)
    rows, first = connection.execute(f"SELECT count(*), min(ts) FROM {table}").fetchall()[0]  # noqa: S608 — a name from above
    for number in range(1, times):
        given = {"copy": number, "shift": number * shift, "until": first + shift, "rows": rows}
        used = {name: value for name, value in given.items() if f"${name}" in _COPIES[table]}
        connection.execute(_COPIES[table], used)
    if table == "spans":
        connection.execute("DELETE FROM traces")
        connection.execute(f"INSERT INTO traces {TRACES_OF.format('spans')} ORDER BY min(ts)")
    connection.close()
