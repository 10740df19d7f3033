"""What the store forgets, and that it never forgets more."""

import os
import time
from pathlib import Path

import pytest

from sightline.viewer.store import Batch, Store
from sightline.viewer.store.batch import Row
from sightline.viewer.store.eviction import evict
from sightline.viewer.store.retention import Limits

NS = 1_000_000_000


def span(seconds_ago: float, service: str = "orders", text: str = "") -> Row:
    ts = int((time.time() - seconds_ago) * NS)
    ids = (f"{ts:032x}", f"{ts:016x}", "")
    return (ts, 1, *ids, 1, "", service, "n", 1, 0, "", "", "", -1, text or "{}", "[]", "[]")


def opened(path: Path | None, limits: Limits) -> Store:
    """Whose retention runs when the test says so, and not between."""
    store = Store.open(path, limits)
    store.retention._age_due = store.retention._size_due = float("inf")
    return store


def run(store: Store) -> None:
    store.flush()
    store.retention.by_age(store._connection, time.time())
    store.retention.by_size(store._connection)


def test_what_is_older_than_the_age_goes_and_the_rest_stays(tmp_path: Path) -> None:
    store = opened(tmp_path, Limits(age_seconds=60))
    store.append(Batch(spans=[span(120), span(61), span(50), span(1)]))
    run(store)
    assert store.query("SELECT count(*) FROM spans") == [(2,)]
    assert store.retention.removed["spans"] == 2
    assert store.query("SELECT count(*) FROM traces") == [(2,)]
    store.close()


def test_a_series_goes_with_its_last_sample(tmp_path: Path) -> None:
    store = opened(tmp_path, Limits(age_seconds=60))
    batch = Batch()
    gone, kept = (store.new_series(batch, "m", {"n": n}) for n in ("gone", "kept"))
    now = int(time.time() * 1000)
    batch.points.add(gone, now - 120_000, 1.0)
    batch.points.add(kept, now, 1.0)
    store.append(batch)
    run(store)
    assert store.samples.label_values("n", [], 0, 2**60) == ["kept"]
    assert store.query("SELECT id FROM series") == [(kept,)]
    store.close()


def minutes_of(store: Store, service: str, minutes: int, spans: int, status: int = 0) -> None:
    for minute in range(minutes, 0, -1):
        rows = []
        for number in range(spans):
            row = list(span(minute * 60 + number / 1000, service))
            row[10], row[15] = status, f'{{"x": "{os.urandom(400).hex()}"}}'
            rows.append(tuple(row))
        store.append(Batch(spans=rows))
        store.flush()


def left(store: Store, service: str) -> int:
    return int(store.query("SELECT count(*) FROM spans WHERE service = ?", [service])[0][0])


def traces_without_spans(store: Store) -> int:
    known = "SELECT CAST(trace_id AS UUID) FROM spans"
    return int(
        store.query(f"SELECT count(*) FROM traces WHERE trace_id NOT IN ({known})")[0][0]  # noqa: S608 — from above
    )


def traces_not_looked_for(store: Store) -> int:
    """Spans outside of the times at which their trace is said to be."""
    return int(
        store.query(
            "SELECT count(*) FROM spans LEFT JOIN traces"
            " ON traces.trace_id = CAST(spans.trace_id AS UUID)"
            " AND ts BETWEEN first_ts AND last_ts WHERE traces.trace_id IS NULL"
        )[0][0]
    )


@pytest.mark.parametrize("on_disk", [True, False])
def test_a_noisy_service_gives_way_and_a_quiet_one_stays(tmp_path: Path, *, on_disk: bool) -> None:
    limit = 12 * 1024**2
    store = opened(tmp_path if on_disk else None, Limits(size_bytes=limit))
    minutes_of(store, "quiet", minutes=50, spans=10)
    minutes_of(store, "noisy", minutes=40, spans=1_000)
    run(store)
    assert store.retention.size_bytes <= limit
    assert left(store, "quiet") == 500
    assert 1_000 < left(store, "noisy") < 40_000
    recently = int((time.time() - 330) * NS)
    assert store.query("SELECT count(*) FROM spans WHERE ts > ?", [recently]) == [(5_050,)]
    (evicted,) = store.status()["evicted"]  # type: ignore[misc, str-unpack]
    assert evicted["service"] == "noisy"
    store.close()


def test_it_is_the_room_that_counts_and_not_the_rows(tmp_path: Path) -> None:
    store = opened(tmp_path, Limits(size_bytes=6 * 1024**2))
    store.append(Batch(spans=[span(number / 10, "chatty") for number in range(8_000)]))
    store.append(
        Batch(
            spans=[
                span(number, "heavy", f'{{"x": "{os.urandom(4_000).hex()}"}}')
                for number in range(2_000)
            ]
        )
    )
    run(store)
    assert left(store, "chatty") == 8_000
    assert left(store, "heavy") < 2_000
    store.close()


@pytest.mark.parametrize("table", ["points", "exemplars"])
def test_samples_of_a_noisy_service_give_way_and_those_of_a_quiet_one_stay(
    tmp_path: Path, table: str
) -> None:
    store = opened(tmp_path, Limits(size_bytes=6 * 1024**2))
    now = int(time.time() * 1000)
    for service, rows in (("quiet", 1_000), ("noisy", 200_000)):
        batch = Batch()
        series = store.new_series(batch, "m", {"service_name": service, "job": "shared"})
        for number in range(rows):
            if table == "points":
                batch.points.add(series, now - rows + number, float(hash(number * 7919)))
            else:
                batch.exemplars.append((series, now - rows + number, 1.0, os.urandom(8).hex()))
        store.append(batch)
        store.flush()
    # A checkpoint compresses samples to next to nothing, so the limit follows what is there.
    store._connection.execute("CHECKPOINT")
    store.retention.max_bytes = int(store.retention._size(store._connection) * 0.8)
    run(store)
    found = store.query(
        f"SELECT series.labels ->> '$.service_name', count(*) FROM {table}"  # noqa: S608 — a name from above
        " JOIN series ON id = series_id GROUP BY 1"
    )
    left_of = dict(found)
    assert left_of["quiet"] == 1_000
    assert left_of["noisy"] < 200_000
    store.close()


def test_traces_with_an_error_go_last(tmp_path: Path) -> None:
    store = opened(tmp_path, Limits(size_bytes=6 * 1024**2))
    minutes_of(store, "orders", minutes=20, spans=100, status=2)
    minutes_of(store, "orders", minutes=20, spans=1_000)
    run(store)
    assert store.query("SELECT count(*) FROM spans WHERE status = 2") == [(2_000,)]
    assert left(store, "orders") < 22_000
    assert traces_without_spans(store) == traces_not_looked_for(store) == 0
    store.close()


def test_when_only_errors_are_left_they_go_too(tmp_path: Path) -> None:
    store = opened(tmp_path, Limits(size_bytes=4 * 1024**2))
    minutes_of(store, "orders", minutes=20, spans=1_000, status=2)
    run(store)
    assert store.retention.size_bytes <= 4 * 1024**2
    assert 0 < left(store, "orders") < 20_000
    store.close()


def test_more_give_way_than_memory_holds_the_times_of(tmp_path: Path) -> None:
    store, batch, rows = opened(tmp_path, Limits()), Batch(), 8_000_000
    noisy = store.new_series(batch, "m", {"job": "noisy"})
    store.append(batch)
    store.flush()
    fill = "INSERT INTO points SELECT ?, range // 3, random(), FALSE FROM range(?)"
    connection = store._connection.cursor()  # the writer's own is its alone
    connection.execute(fill, [noisy, rows])
    connection.execute("SET memory_limit = '48MB'")  # their times alone are 64
    evicted = evict(connection)
    assert evicted is not None
    assert (evicted.table, evicted.service) == ("points", "noisy")
    assert rows / 4 <= evicted.rows <= rows / 4 * 1.04
    assert store.query("SELECT min(ts) * 3 FROM points") == [(evicted.rows,)]
    store.close()


@pytest.mark.parametrize("times", [[5] * 8, [1, 2, 3, 4, 5, 6, 7, 8], [0, 2**62, 2**62 + 1]])
def test_the_share_that_goes_is_a_quarter_to_the_row_where_rows_are_few(
    tmp_path: Path, times: list[int]
) -> None:
    store = opened(tmp_path, Limits())
    store.append(Batch(spans=[(ts, *span(0)[1:]) for ts in times]))
    store.flush()
    quarter = store.query("SELECT quantile_disc(ts, 0.25) FROM spans")[0][0]
    evict(store._connection.cursor())
    assert [row[0] for row in store.query("SELECT ts FROM spans ORDER BY ts")] == [
        ts for ts in times if ts > quarter
    ]
    store.close()
