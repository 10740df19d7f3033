"""The viewer's own store, filled with given series: half of the time in DuckDB, half in memory."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sightline.viewer.promql.samples import Series
from sightline.viewer.store import Batch, Store
from sightline.viewer.store.head import Head
from sightline.viewer.store.retention import Limits

_FOR_EVER = 1e10  # seconds: samples of tests are of any year


@contextmanager
def stored(series: Sequence[Series]) -> Iterator[Store]:
    """What is older than the middle is in the database alone, what is newer in the head."""
    store = Store.open(None, Limits(age_seconds=_FOR_EVER))
    try:
        store.head.start_ms = -(2**63)
        batch = Batch()
        for each in series:
            labels = {name: value for name, value in each.labels.items() if name != "__name__"}
            key = store.new_series(batch, each.labels["__name__"], labels)
            rows = zip(each.ts.tolist(), each.values.tolist(), each.stale.tolist(), strict=True)
            for ts, value, stale in rows:
                batch.points.add(key, ts, value, stale=stale)
        store.append(batch)
        store.flush()
        _halve(store.head)
        yield store
    finally:
        store.close()


def _halve(head: Head) -> None:
    count, most = len(head), head._max_points
    head._max_points = 0
    head.prune()
    head._max_points = most
    assert 0 < len(head) < count, "the series are too short to be in both"
