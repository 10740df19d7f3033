"""Histograms, labels, calendar and rounding."""

import math

import pytest
from promql_answers import at, number

from sightline.viewer.promql.errors import ExecutionError

BUCKETS = """
h_bucket{le="0.1"} 10
h_bucket{le="1"} 30
h_bucket{le="2"} 40
h_bucket{le="+Inf"} 50
"""


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        (0.1, 0.05),  # the 5th of 10 observations up to 0.1
        (0.2, 0.1),
        (0.5, 0.1 + 0.9 * 15 / 20),
        (0.8, 2),
        (0.9, 2),  # inside the last bucket: its lower bound
        (1, 2),
        (-1, -math.inf),
        (2, math.inf),
    ],
)
def test_a_quantile_is_spread_evenly_inside_its_bucket(q: float, expected: float) -> None:
    [value] = at(0, f"histogram_quantile({q}, h_bucket)", BUCKETS).values()
    assert value == pytest.approx(expected)


def test_buckets_without_infinity_or_observations_have_no_quantile() -> None:
    assert str(at(0, 'histogram_quantile(0.5, h_bucket{le!="+Inf"})', BUCKETS)["{}"]) == "nan"
    empty = 'h_bucket{le="1"} 0\nh_bucket{le="+Inf"} 0'
    assert str(at(0, "histogram_quantile(0.5, h_bucket)", empty)["{}"]) == "nan"


def test_counts_that_fall_from_bucket_to_bucket_are_made_to_rise() -> None:
    fallen = 'h_bucket{le="1"} 10\nh_bucket{le="2"} 4\nh_bucket{le="4"} 20\nh_bucket{le="+Inf"} 20'
    [value] = at(0, "histogram_quantile(0.75, h_bucket)", fallen).values()
    assert value == pytest.approx(2 + 2 * 5 / 10)


def test_one_bound_written_in_two_ways_is_one_bucket() -> None:
    twice = 'h_bucket{le="1"} 5\nh_bucket{le="1.0"} 5\nh_bucket{le="+Inf"} 20'
    assert at(0, "histogram_quantile(0.25, h_bucket)", twice) == {"{}": 0.5}


def test_a_fraction_of_observations_between_two_bounds() -> None:
    [value] = at(0, "histogram_fraction(0.1, 1.5, h_bucket)", BUCKETS).values()
    assert value == pytest.approx((20 + 5) / 50)


def test_label_replace_changes_only_what_the_whole_value_matches() -> None:
    series = 'x{i="a:80"} 1\nx{i="b"} 2'
    assert at(0, 'label_replace(x, "host", "$1-$2$$", "i", "(.*):(.*)")', series) == {
        'x{host="a-80$", i="a:80"}': 1,
        'x{i="b"}': 2,
    }


def test_label_replace_refuses_a_pattern_that_is_none() -> None:
    with pytest.raises(ExecutionError, match="invalid regular expression"):
        at(0, 'label_replace(x, "a", "b", "c", "(")')
    with pytest.raises(ExecutionError, match="invalid regular expression"):
        at(0, 'label_replace(x, "a", "b", "c", "(?=a)")')


def test_label_join_and_an_empty_result_removes_the_label() -> None:
    assert at(0, 'label_join(x, "c", "-", "a", "b")', 'x{a="1", b="2"} 3') == {
        'x{a="1", b="2", c="1-2"}': 3
    }
    assert at(0, 'label_replace(x, "a", "", "a", ".*")', 'x{a="1"} 3') == {"x{}": 3}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("minute", 7),
        ("hour", 13),
        ("day_of_week", 4),
        ("day_of_month", 29),
        ("day_of_year", 60),
        ("days_in_month", 29),
        ("month", 2),
        ("year", 2024),
    ],
)
def test_the_calendar_of_a_leap_day(function: str, expected: float) -> None:
    thursday = 1709212020  # 2024-02-29 13:07 UTC
    assert at(0, f"{function}(vector({thursday}))") == {"{}": expected}


def test_rounding_goes_up_at_halves() -> None:
    assert at(0, "round(x)", "x -2.5") == {"{}": -2}
    assert at(0, "round(x, 0.25)", "x 1.1") == {"{}": 1}


def test_clamping_between_bounds_that_cross_leaves_nothing() -> None:
    assert at(0, "clamp(x, 0, 5)", "x 9") == {"{}": 5}
    assert at(0, "clamp(x, 5, 0)", "x 9") == {}


def test_sorting_puts_nan_last_either_way() -> None:
    series = 'x{a="1"} NaN\nx{a="2"} 1\nx{a="3"} 2'
    assert [str(v) for v in at(0, "sort(x)", series).values()] == ["1.0", "2.0", "nan"]
    assert [str(v) for v in at(0, "sort_desc(x)", series).values()] == ["2.0", "1.0", "nan"]


def test_time_is_the_time_of_the_step() -> None:
    assert number("time()", minute=2.5) == 150
