"""Matchers over stored series are RE2's: linear, and refused by name where they are none."""

import pytest

from sightline.viewer.promql.errors import ExecutionError
from sightline.viewer.promql.samples import Matcher
from sightline.viewer.store import Batch, Store


@pytest.fixture
def filled(store: Store) -> Store:
    batch = Batch()
    series = store.new_series(batch, "up", {"job": "a" * 40})
    batch.points.add(series, store.head.start_ms + 1, 1.0)
    store.append(batch)
    store.flush()
    return store


def test_a_pattern_that_is_none_is_refused_with_its_text(filled: Store) -> None:
    with pytest.raises(ExecutionError, match=r"invalid regular expression 'a\(\?z\)'"):
        filled.samples.select([Matcher("job", "=~", "a(?z)")], 0, 2**60)


def test_a_pattern_that_would_backtrack_without_end_answers(filled: Store) -> None:
    assert filled.samples.select([Matcher("job", "=~", "(a+)+b")], 0, 2**60) == []
