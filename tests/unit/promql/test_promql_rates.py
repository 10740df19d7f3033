"""Rates and other functions of a window, each expectation worked out by hand."""

import math

import pytest
from promql_answers import at, over

QUARTER = 15_000


def test_a_counter_that_rises_evenly_has_its_slope_as_rate() -> None:
    assert at(10, "rate(x[5m])", "x 0+60x20") == {"{}": 1.0}


def test_increase_is_stretched_to_both_edges_of_the_window() -> None:
    # Samples at 15, 30 and 45 s in (5 s, 55 s]: 20 in 30 s, stretched by 10 s at either end.
    assert at(55 / 60, "increase(x[50s])", "x 100+10x20", QUARTER) == pytest.approx(
        {"{}": 20 * 50 / 30}
    )


def test_a_window_with_samples_far_from_its_edge_is_stretched_by_half_a_spacing() -> None:
    # 1 and 2 min of (0, 10 min]: 0.5 min more at the end, 1 min (to the edge) at the start.
    series = "x _ 100 110"
    assert at(10, "increase(x[10m])", series) == pytest.approx({"{}": 10 * 2.5 / 1})


def test_a_counter_is_not_stretched_to_before_it_was_zero() -> None:
    # 1 at 1 min, 11 at 2 min: zero was 6 s before the first, so only 6 s are added there.
    assert at(2, "increase(x[2m])", "x _ 1 11") == pytest.approx({"{}": 10 * 66 / 60})


def test_what_a_restart_took_away_counts_as_gained() -> None:
    assert at(4, "increase(x[5m])", "x 0 10 20 5 15") == pytest.approx({"{}": 35})
    assert at(4, "resets(x[5m])", "x 0 10 20 5 15") == {"{}": 1}


def test_two_counters_side_by_side_do_not_mistake_each_other_for_a_restart() -> None:
    found = at(3, "increase(x[3m])", 'x{a="1"} 90+10x3\nx{a="2"} 0+1x3')
    assert found == pytest.approx({'{a="1"}': 30, '{a="2"}': 3})


def test_one_sample_has_no_rate() -> None:
    assert at(1, "rate(x[1m])", "x 1 2 3") == {}


def test_delta_may_fall_and_irate_sees_the_last_two_samples_only() -> None:
    assert at(4, "delta(x[4m])", "x 0 9 6 3 0") == pytest.approx({"{}": -12})
    assert at(4, "irate(x[4m])", "x 0 1 2 3 63") == {"{}": 1}
    assert at(4, "idelta(x[4m])", "x 0 1 2 3 1") == {"{}": -2}


def test_an_infinity_long_gone_does_not_spoil_later_windows() -> None:
    found = over(4, 8, "rate(x[2m])", "x 0 Inf 1 2 3 4 5 6 7")
    assert found["{}"] == pytest.approx([1 / 60] * 5)


def test_a_rate_drops_the_metric_name_but_the_last_value_keeps_it() -> None:
    assert at(3, "last_over_time(x[3m])", "x 1 2 3 4") == {"x{}": 4}
    assert at(3, "rate(x[3m])", "x 0+60x4") == {"{}": 1}


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("avg_over_time(x[4m])", 4.25),
        ("min_over_time(x[4m])", 1),
        ("max_over_time(x[4m])", 10),
        ("sum_over_time(x[4m])", 17),
        ("count_over_time(x[4m])", 4),
        ("quantile_over_time(0.5, x[4m])", 3),
        ("quantile_over_time(2, x[4m])", math.inf),
        ("stdvar_over_time(x[4m])", 12.1875),
        ("stddev_over_time(x[4m])", math.sqrt(12.1875)),
        ("mad_over_time(x[4m])", 1.5),
        ("first_over_time(x[4m])", 4),
        ("last_over_time(x[4m])", 2),
        ("present_over_time(x[4m])", 1),
        ("changes(x[4m])", 3),
        ("ts_of_max_over_time(x[4m])", 180),
        ("deriv(x[4m])", 0.3 / 60),
        ("predict_linear(x[4m], 60)", 4.25 + 2.5 * 0.3),
    ],
)
def test_each_function_of_a_window(function: str, expected: float) -> None:
    [value] = at(4, function, "x 99 4 1 10 2").values()
    assert value == pytest.approx(expected)


def test_small_figures_beside_a_huge_one_are_not_lost() -> None:
    assert at(3, "sum_over_time(x[4m])", "x 1e100 1 -1e100 1") == {"{}": 2}


def test_nan_loses_against_every_number_when_the_largest_is_sought() -> None:
    assert at(2, "max_over_time(x[3m])", "x NaN -1 NaN") == {"{}": -1}
