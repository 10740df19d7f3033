"""Aggregations and operations between vectors."""

import math

import pytest
from promql_answers import at, number, over

from sightline.viewer.promql.errors import ExecutionError

REQUESTS = """
requests{job="a", status="ok"} 90
requests{job="a", status="bad"} 10
requests{job="b", status="ok"} 40
requests{job="b", status="bad"} 60
"""


def test_by_keeps_the_named_labels_and_without_drops_them() -> None:
    expected = {'{job="a"}': 100, '{job="b"}': 100}
    assert at(0, "sum by (job) (requests)", REQUESTS) == expected
    assert at(0, "sum without (status) (requests)", REQUESTS) == expected
    assert at(0, "sum(requests)", REQUESTS) == {"{}": 200}


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("avg", 50),
        ("min", 10),
        ("max", 90),
        ("count", 4),
        ("group", 1),
        ("stdvar", 850),
        ("stddev", math.sqrt(850)),
    ],
)
def test_each_aggregation(aggregation: str, expected: float) -> None:
    assert at(0, f"{aggregation}(requests)", REQUESTS) == pytest.approx({"{}": expected})


def test_a_quantile_lies_between_two_samples_in_proportion() -> None:
    assert at(0, "quantile(0.5, requests)", REQUESTS) == {"{}": 50}
    assert at(0, "quantile by (job) (0.25, requests)", REQUESTS) == {
        '{job="a"}': 30,
        '{job="b"}': 45,
    }


def test_an_average_of_huge_values_does_not_overflow() -> None:
    assert at(0, "avg(x)", 'x{a="1"} 1.5e308\nx{a="2"} 1.5e308') == {"{}": 1.5e308}


def test_topk_gives_the_best_first_and_keeps_their_names() -> None:
    assert list(at(0, "topk(2, requests)", REQUESTS).values()) == [90, 60]
    assert list(at(0, "bottomk(1, requests)", REQUESTS)) == ['requests{job="a", status="bad"}']


def test_topk_is_chosen_anew_at_each_step() -> None:
    found = over(0, 1, "topk(1, x)", 'x{a="1"} 1 5\nx{a="2"} 2 2')
    assert found == {'x{a="1"}': [None, 5], 'x{a="2"}': [2, None]}


def test_topk_of_no_number_is_refused() -> None:
    with pytest.raises(ExecutionError, match="Parameter value is NaN"):
        at(0, "topk(NaN, requests)", REQUESTS)


def test_count_values_makes_a_label_of_each_value() -> None:
    series = 'x{a="1"} 0.5\nx{a="2"} 0.5\nx{a="3"} 1e10'
    assert at(0, 'count_values("v", x)', series) == {'{v="0.5"}': 2, '{v="10000000000"}': 1}


def test_many_series_meet_one_by_group_left_and_take_its_labels() -> None:
    share = "requests / on (job) group_left (team) sum by (job, team) (owned)"
    owned = REQUESTS + 'owned{job="a", team="red"} 100\nowned{job="b", team="blue"} 50'
    assert at(0, share, owned) == {
        '{job="a", status="bad", team="red"}': 0.1,
        '{job="a", status="ok", team="red"}': 0.9,
        '{job="b", status="bad", team="blue"}': 1.2,
        '{job="b", status="ok", team="blue"}': 0.8,
    }


def test_two_partners_for_one_series_are_refused() -> None:
    with pytest.raises(ExecutionError, match="found duplicate series for the match group"):
        at(0, "requests + on (job) requests", REQUESTS)
    with pytest.raises(ExecutionError, match="many-to-one matching must be explicit"):
        at(0, "requests + on (job) sum by (job) (requests)", REQUESTS)


def test_a_comparison_filters_and_bool_makes_it_a_figure() -> None:
    assert at(0, "requests > 50", REQUESTS) == {
        'requests{job="a", status="ok"}': 90,
        'requests{job="b", status="bad"}': 60,
    }
    assert list(at(0, "requests > bool 50", REQUESTS).values()) == [0, 1, 1, 0]
    assert at(0, "50 < requests", REQUESTS) == at(0, "requests > 50", REQUESTS)


def test_and_or_unless_work_step_by_step() -> None:
    series = 'x{a="1"} 1 1 _\ny{a="1"} _ 2 2'
    assert over(0, 8, "x and y", series, step=4) == {'x{a="1"}': [None, 1, None]}
    assert over(0, 8, "x unless y", series, step=4) == {'x{a="1"}': [1, None, None]}


def test_series_that_become_the_same_are_refused_only_where_they_overlap() -> None:
    assert over(0, 6, '-{__name__=~"x|y"}', "x 1 stale\ny _ _ _ _ _ _ 2", step=6) == {
        "{}": [-1, -2]
    }
    with pytest.raises(ExecutionError, match="same labelset"):
        at(0, '-{__name__=~"x|y"}', "x 1\ny 2")


def test_arithmetic_follows_the_precedence_of_prometheus() -> None:
    assert number("1 + 2 * 3 ^ 2 ^ 0.5") == 1 + 2 * 3**2**0.5
    assert number("-2 ^ 2") == -4
    assert number("-7 % 4") == -3
    assert number("1 > bool 2") == 0


def test_dividing_by_zero_is_infinite_or_no_number() -> None:
    assert number("1 / 0") == math.inf
    assert math.isnan(number("0 / 0"))


def test_absent_tells_what_the_missing_series_would_be_called() -> None:
    assert at(0, 'absent(x{job="a", b!="c"})') == {'{job="a"}': 1}
    assert at(0, "absent(x)", "x 1") == {}
    assert over(0, 8, 'absent_over_time(x{j="a"}[2m])', 'x{j="a"} 1', step=4) == {
        '{j="a"}': [None, 1, 1]
    }


def test_fill_stands_in_for_a_partner_that_is_missing() -> None:
    series = 'x{a="1"} 1\ny{a="2"} 20'
    assert at(0, "x + fill(0) y", series) == {'{a="1"}': 1, '{a="2"}': 20}
