"""Samples by matchers and time: the head's and the database's are one answer."""

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest

from sightline.viewer.promql.samples import Matcher, TooManySamples
from sightline.viewer.store import Batch, Store
from sightline.viewer.store import samples as samples_module
from sightline.viewer.store.head import Head
from sightline.viewer.store.samples import StoredSamples

ALWAYS = (0, 2**60)


def fill(store: Store, name: str, labels: dict[str, str], values: dict[int, float]) -> None:
    """At milliseconds after the head's beginning."""
    batch = Batch()
    series = store.new_series(batch, name, labels)
    for after, value in values.items():
        batch.points.add(series, store.head.start_ms + after, value)
    store.append(batch)
    store.flush()


@pytest.fixture
def filled(store: Store) -> Store:
    for method in ("GET", "POST"):
        for status in ("2xx", "5xx"):
            labels = {"method": method, "status": status}
            fill(store, "requests_total", labels, {1: 1.0, 2: 2.0, 3: 3.0})
    fill(store, "up", {"job": "orders"}, {1: 1.0})
    return store


@pytest.mark.parametrize(
    ("matchers", "count"),
    [
        ([], 5),
        ([("__name__", "=", "up")], 1),
        ([("__name__", "=", "requests_total"), ("method", "=", "GET")], 2),
        ([("__name__", "=~", "req.*"), ("status", "!=", "5xx")], 2),
        ([("__name__", "=~", "req")], 0),
        ([("status", "=~", "2xx|5xx")], 4),
        ([("status", "!~", "2.*")], 3),
        ([("status", "=", "")], 1),
        ([("job", "=~", ".+")], 1),
        ([("job", "!=", "")], 1),
        ([("nothing", "=", "")], 5),
        ([("__name__", "=", "absent")], 0),
    ],
)
def test_matchers_choose_as_prometheus_has_it(
    filled: Store, matchers: list[tuple[str, str, str]], count: int
) -> None:
    chosen = [Matcher(*matcher) for matcher in matchers]  # type: ignore[arg-type]
    assert len(filled.samples.select(chosen, *ALWAYS)) == count
    assert len(filled.samples.series(chosen, *ALWAYS)) == count


def test_both_ends_of_the_time_range_are_included(filled: Store) -> None:
    start = filled.head.start_ms
    found = filled.samples.select([Matcher("status", "=", "2xx")], start + 2, start + 3)
    assert [series.values.tolist() for series in found] == [[2.0, 3.0]] * 2
    assert filled.samples.select([], start + 4, start + 9) == []


def test_names_and_values_of_labels_are_those_in_range(filled: Store) -> None:
    reader, start = filled.samples, filled.head.start_ms
    assert reader.label_names([], *ALWAYS) == ["__name__", "job", "method", "status"]
    assert reader.label_values("method", [], *ALWAYS) == ["GET", "POST"]
    assert reader.label_values("__name__", [], start + 2, start + 9) == ["requests_total"]


def test_older_samples_come_from_the_database_and_join_the_recent(filled: Store) -> None:
    at = filled.head.start_ms
    filled.head.start_ms = at + 3
    found = filled.samples.select([Matcher("status", "=", "2xx")], *ALWAYS)
    assert [series.ts.tolist() for series in found] == [[at + 1, at + 2, at + 3]] * 2
    assert filled.samples.label_values("job", [], *ALWAYS) == ["orders"]


class Counted:
    """Whom the samples ask in the database's place."""

    def __init__(self, store: Store) -> None:
        self.query, self.arrays = self._counting(store.query), store.arrays
        self.asked: list[str] = []

    def _counting(self, ask: Callable[..., Any]) -> Callable[..., Any]:
        def query(sql: str, params: Sequence[object] = ()) -> Any:
            self.asked.append(sql)
            return ask(sql, params)

        return query


@pytest.fixture
def reopened(tmp_path: Path) -> Iterator[tuple[Store, int]]:
    """A store begun anew, and when it first was: its samples are in the database, not the head."""
    with contextlib.closing(Store.open(tmp_path)) as first:
        began = first.head.start_ms
        fill(first, "up", {"job": "orders"}, {1: 1.0, 500: 1.0})
        fill(first, "up", {"job": "gone"}, {1: 1.0})
    with contextlib.closing(Store.open(tmp_path)) as again:
        yield again, began


def test_a_dashboards_variables_look_at_each_part_of_the_past_once(
    reopened: tuple[Store, int],
) -> None:
    store, began = reopened
    counted = Counted(store)
    samples = StoredSamples(store.series, store.head, counted, {})  # type: ignore[arg-type]
    end = store.head.start_ms + 10
    for _ in range(3):
        assert samples.label_values("job", [], began, end) == ["gone", "orders"]
        assert samples.label_values("job", [], began + 2, end) == ["orders"]
        assert samples.label_names([], began + 501, end) == []
    assert len(counted.asked) == 1
    fill(store, "up", {"job": "orders"}, {1: 1.0})
    assert samples.label_values("job", [], began + 501, end) == ["orders"]
    # What has a newer sample may have had none before: there alone samples are looked at.
    assert samples.label_values("job", [], began + 2, began + 499) == []
    assert samples.label_values("job", [], began, began + 499) == ["gone", "orders"]


def test_a_late_sample_and_a_repeated_one_are_left_out(store: Store) -> None:
    fill(store, "g", {}, {5: 5.0})
    fill(store, "g", {}, {5: 6.0, 4: 4.0, 7: 7.0})
    (found,) = store.samples.select([], *ALWAYS)
    assert found.values.tolist() == [5.0, 7.0]
    assert store.query("SELECT count(*) FROM points") == [(2,)]


def test_a_sample_far_ahead_does_not_put_off_when_the_head_begins(tmp_path: Path) -> None:
    """As an earlier version stored it."""
    now = int(time.time() * 1000)
    first = Store.open(tmp_path)
    fill(first, "g", {}, {1_000: 1.0, 86_400_000: 2.0})
    first.close()
    second = Store.open(tmp_path)
    assert now + 1_000 <= second.head.start_ms < now + 60_000
    second.close()


def test_samples_stored_twice_around_a_restart_are_read_once(filled: Store) -> None:
    filled.head.start_ms += 100
    with duckdb.connect(":memory:") as _:
        filled._connection.execute("INSERT INTO points SELECT * FROM points")
    for series in filled.samples.select([], *ALWAYS):
        assert np.all(np.diff(series.ts) > 0)


def test_the_head_forgets_its_older_half_and_says_from_when_it_is_complete() -> None:
    from sightline.viewer.store.batch import Points  # noqa: PLC0415 — used here alone

    head, points = Head(0, max_points=100), Points()
    for ts in range(1, 201):
        points.add(ts % 2, ts, float(ts))
    head.add(points)
    head.prune()
    assert head.start_ms == 100
    assert len(head) == 101
    assert min(ts.min() for ts, _, _ in head.select([0, 1], 0, 999).values()) == 100


def test_more_samples_than_a_query_may_load_are_refused_not_cut(
    filled: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(samples_module, "MAX_SAMPLES", 5)
    with pytest.raises(TooManySamples):
        filled.samples.select([], *ALWAYS)
    filled.head.start_ms += 100
    with pytest.raises(TooManySamples):
        filled.samples.select([], *ALWAYS)
