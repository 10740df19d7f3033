"""Selectors: which sample stands for a series at an instant."""

import pytest
from promql_answers import at, number, over


def test_a_sample_is_looked_back_at_for_five_minutes_but_not_at_their_very_end() -> None:
    assert at(5 - 0.001, "x", "x 7") == {"x{}": 7}
    assert at(5, "x", "x 7") == {}


def test_a_range_leaves_out_the_sample_at_its_start_and_takes_the_one_at_its_end() -> None:
    assert at(4, "count_over_time(x[2m])", "x 1x10") == {"{}": 2}


def test_a_stale_marker_ends_a_series_at_once() -> None:
    assert over(0, 4, "x", "x 1 2 stale _ 5") == {"x{}": [1, 2, None, None, 5]}


def test_a_stale_marker_is_no_sample_of_a_range() -> None:
    assert at(3, "count_over_time(x[10m])", "x 1 2 stale 4") == {"{}": 3}


@pytest.mark.parametrize(
    ("selector", "expected"),
    [
        ('x{job="a"}', {"a"}),
        ('x{job!="a"}', {"ab", ""}),
        ('x{job=~"a"}', {"a"}),
        ('x{job=~"a.*"}', {"a", "ab"}),
        ('x{job!~"a|ab"}', {""}),
        ('x{job=""}', {""}),
        ('x{job=~".+"}', {"a", "ab"}),
    ],
)
def test_matchers_are_anchored_and_a_missing_label_is_empty(
    selector: str, expected: set[str]
) -> None:
    found = at(0, selector, 'x{job="a"} 1\nx{job="ab"} 1\nx 1')
    jobs = {name.removeprefix('x{job="').removesuffix('"}') for name in found}
    assert {"" if job == "x{}" else job for job in jobs} == expected


def test_offset_looks_into_the_past_and_a_negative_one_into_the_future() -> None:
    assert at(3, "x offset 2m", "x 0+1x10") == {"x{}": 1}
    assert at(3, "x offset -2m", "x 0+1x10") == {"x{}": 5}


def test_at_holds_the_time_still_over_all_steps() -> None:
    assert over(1, 3, "x @ 120", "x 0+1x10") == {"x{}": [2, 2, 2]}
    assert over(1, 3, "x @ start()", "x 0+1x10") == {"x{}": [1, 1, 1]}
    assert over(1, 3, "x @ end() offset 1m", "x 0+1x10") == {"x{}": [2, 2, 2]}


def test_timestamp_of_a_selector_is_when_its_sample_was_taken() -> None:
    assert at(2.5, "timestamp(x)", "x 1 1 1") == {"{}": 120}
    assert at(2.5, "timestamp(x + 0)", "x 1 1 1") == {"{}": 150}


def test_a_subquery_steps_at_multiples_of_its_own_step() -> None:
    # Steps at 1:00, 2:00 and 3:00; the window (0:30, 3:30] leaves 0:00 out.
    assert at(3.5, "sum_over_time(x[3m:1m])", "x 1 10 100 1000") == {"{}": 1110}


def test_a_subquery_without_a_step_takes_one_minute() -> None:
    assert at(10, "count_over_time(x[10m:])", "x 1x20") == {"{}": 10}


def test_scalar_is_nan_unless_there_is_just_one_series() -> None:
    assert number("scalar(x)", "x 4") == 4
    assert str(number("scalar(x)", 'x{a="1"} 4\nx{a="2"} 5')) == "nan"
    assert str(number("scalar(x)")) == "nan"
