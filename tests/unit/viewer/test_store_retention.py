"""What the store forgets, and that it never forgets more."""

import os
import time
from pathlib import Path

from sightline.viewer.store import Batch, Store
from sightline.viewer.store.batch import Row
from sightline.viewer.store.retention import Limits

NS = 1_000_000_000


def span(seconds_ago: float, service: str = "orders", text: str = "") -> Row:
    ts = int((time.time() - seconds_ago) * NS)
    ids = (f"{ts:032x}", f"{ts:016x}", "")
    return (ts, 1, *ids, 1, "", service, "n", 1, 0, "", "", "", -1, text or "{}", "[]", "[]")


def run(store: Store) -> None:
    store.flush()
    store.retention.run(store._connection, time.time())


def test_what_is_older_than_the_age_goes_and_the_rest_stays(tmp_path: Path) -> None:
    store = Store.open(tmp_path, Limits(age_seconds=60))
    store.append(Batch(spans=[span(120), span(61), span(50), span(1)]))
    run(store)
    assert store.query("SELECT count(*) FROM spans") == [(2,)]
    assert store.retention.removed["spans"] == 2
    store.close()


def test_a_series_goes_with_its_last_sample(tmp_path: Path) -> None:
    store = Store.open(tmp_path, Limits(age_seconds=60))
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


def test_the_oldest_go_when_it_grows_too_large(tmp_path: Path) -> None:
    store = Store.open(tmp_path, Limits(size_bytes=12 * 1024**2))
    for minute in range(40, 0, -1):
        rows = [
            span(minute * 60 + n / 1000, text=f'{{"x": "{os.urandom(200).hex()}"}}')
            for n in range(2_000)
        ]
        store.append(Batch(spans=rows))
        store.flush()
    run(store)
    assert store.retention.size_bytes <= 12 * 1024**2
    (rest, oldest) = store.query("SELECT count(*), min(ts) FROM spans")[0]
    assert 2_000 <= rest < 80_000
    assert oldest > (time.time() - 39 * 60) * NS
    store.close()
