"""What is no PromQL, not supported, or too much: each says so, none guesses."""

import re

import pytest
from promql_answers import at, engine

from sightline.viewer.promql.errors import (
    BadQueryError,
    ExecutionError,
    TimedOutError,
    UnsupportedError,
)
from sightline.viewer.promql.values import Vector

HOUR = 3_600_000


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("info(x)", "info()"),
        ("histogram_count(x)", "histogram_count()"),
        ("limit_ratio(0.5, x)", "limit_ratio"),
        ("integral(x[5m])", "integral()"),
        ("rate(x[5m] smoothed)", "smoothed"),
        ("increase(x[5m] anchored)", "anchored"),
        ('x{a="b" or c="d"}', '"or" between label matchers'),
        ("x @ -5", "@ with a time before 1970"),
    ],
)
def test_what_is_not_supported_is_refused_by_name(query: str, named: str) -> None:
    with pytest.raises(UnsupportedError, match=re.escape(named)):
        at(0, query, "x 1")


@pytest.mark.parametrize(
    ("query", "place"),
    [
        ("sum(", "1:5"),
        ("1 +", "1:4"),
        ("foo bar", "1:5"),
        ("sum by (job) (rate(x[5m]) / )", "1:29"),
        ("x\n+ +* 2", "2:4"),
        ("rate(x)", ""),
        ("", ""),
        ("x{", "1:3"),
        ("rate(x[5q])", "1:"),
    ],
)
def test_what_is_no_promql_is_refused_with_its_place(query: str, place: str) -> None:
    with pytest.raises(BadQueryError) as refused:
        at(0, query)
    assert str(refused.value).startswith(place)


def test_an_endless_query_that_is_none_is_refused_quickly() -> None:
    with pytest.raises(BadQueryError, match="parse error"):
        at(0, "(" * 5000 + "x +")


def test_a_range_vector_cannot_be_drawn_over_time() -> None:
    with pytest.raises(BadQueryError, match="must be Scalar or instant Vector"):
        engine("x 1").range("x[5m]", 0, HOUR, 60_000)


def test_more_than_eleven_thousand_points_are_refused() -> None:
    with pytest.raises(BadQueryError, match="11,000 points"):
        engine("x 1").range("x", 0, 11_001_000, 1000)
    engine("x 1").range("x", 0, 11_000_000, 1000)


def test_too_many_samples_are_refused_with_a_remedy() -> None:
    with pytest.raises(ExecutionError, match="narrow the selector"):
        engine("x 1x100", max_samples=50).instant("sum_over_time(x[2h])", HOUR)
    with pytest.raises(ExecutionError, match="narrow the selector"):
        engine("x 1x100", max_cells=50).range("x", 0, HOUR, 60_000)


def test_a_query_ends_at_its_time_limit() -> None:
    with pytest.raises(TimedOutError, match="timed out after 0 s"):
        engine("x 1", timeout_seconds=0).instant("x", 0)


def test_a_query_that_looks_at_too_much_is_refused_before_it_begins() -> None:
    asked = engine("x 1x100", max_visits=1000)
    with pytest.raises(ExecutionError, match="narrow the selector"):
        asked.range("sum_over_time(x[1h])", 0, HOUR, 60_000)
    asked.range("rate(x[1h])", 0, HOUR, 60_000)


def test_pairs_of_series_that_never_meet_do_not_pile_up() -> None:
    one_after_another = "\n".join(f'x{{pod="{n}", app="a"}} {"_ " * n} 1 stale' for n in range(60))
    found = engine(one_after_another, max_cells=60 * 61).range("x / on (app) x", 0, HOUR, 60_000)
    assert isinstance(found, Vector)
    assert found.labels == [{"app": "a"}]
    assert found.present.sum() == 60


def test_a_pattern_made_to_backtrack_for_ever_takes_no_time() -> None:
    value = "a" * 5000 + "!"
    query = 'label_replace(x, "b", "$1", "a", "(a+)+(a+)+(a+)+$")'
    assert len(at(0, query, f'x{{a="{value}"}} 1')) == 1
