"""Groups over samples: states of alerts, staleness, failures, as Prometheus has them."""

from pathlib import Path

import pytest
from promql_memory import loaded
from rule_replay import Replay

from sightline.viewer.rules.files import load
from sightline.viewer.rules.group import SinkError

SECOND = 1_000


def replay(folder: Path, rules: str, series: str = "", *, group: str = "") -> Replay:
    """Rules over series that have a sample each ten seconds, evaluated as often."""
    (folder / "rules.yml").write_text(f"groups:\n- name: g\n  {group}\n  rules:\n{rules}")
    return Replay(load(folder), loaded(series, 10 * SECOND), 10 * SECOND)


def states(run: Replay, until: int) -> list[str]:
    """Of the only rule, after each evaluation."""
    found = []
    for at in range(0, until, 10):
        run.up_to(at * SECOND)
        rule = run.groups[0].rules[0].rule
        found.append(str(getattr(rule, "state", "")))
    return found


def test_an_alert_is_pending_for_its_time_then_fires_then_ends(tmp_path: Path) -> None:
    rules = "  - {alert: A, expr: x > 0, for: 20s}"
    run = replay(tmp_path, rules, "x 0 1 1 1 1 0 1")
    assert states(run, 70) == [
        *("inactive", "pending", "pending", "firing", "firing"),
        *("inactive", "pending"),
    ]


def test_an_alert_without_a_time_fires_at_once(tmp_path: Path) -> None:
    assert states(replay(tmp_path, "  - {alert: A, expr: x > 0}", "x 0 1"), 20) == [
        "inactive",
        "firing",
    ]


def test_an_alert_keeps_firing_for_its_time(tmp_path: Path) -> None:
    rules = "  - {alert: A, expr: x > 0, keep_firing_for: 20s}"
    run = replay(tmp_path, rules, "x 1 0 0 0 0")
    assert states(run, 50) == ["firing", "firing", "firing", "inactive", "inactive"]


def test_a_value_that_returns_in_time_begins_the_keeping_anew(tmp_path: Path) -> None:
    rules = "  - {alert: A, expr: x > 0, keep_firing_for: 20s}"
    run = replay(tmp_path, rules, "x 1 0 1 0 0 0")
    assert states(run, 60) == [*["firing"] * 5, "inactive"]


def test_alerts_are_series_too_and_end_with_the_alert(tmp_path: Path) -> None:
    rules = "  - {alert: A, expr: x > 0, for: 10s, labels: {severity: high}}"
    run = replay(tmp_path, rules, 'x{job="a"} 1 1 0')
    own = {("alertname", "A"), ("job", "a"), ("severity", "high")}

    def seen(at: int) -> dict[object, float]:
        run.up_to(at * SECOND)
        return run.ask('{__name__=~"ALERTS.*"}', at * SECOND)

    since = frozenset({("__name__", "ALERTS_FOR_STATE"), *own})
    assert seen(0) == {
        frozenset({("__name__", "ALERTS"), ("alertstate", "pending"), *own}): 1,
        since: 0,
    }
    assert seen(10) == {
        frozenset({("__name__", "ALERTS"), ("alertstate", "firing"), *own}): 1,
        since: 0,
    }
    assert seen(20) == {}


def test_a_recorded_series_ends_where_its_expression_has_no_value(tmp_path: Path) -> None:
    run = replay(tmp_path, "  - {record: 'a:b', expr: x > 0}", 'x{job="a"} 1 0 1')
    seen = []
    for at in (0, 10, 20):
        run.up_to(at * SECOND)
        seen.append(list(run.ask("a:b", at * SECOND).values()))
    assert seen == [[1], [], [1]]


def test_a_rule_sees_what_those_before_it_recorded_at_the_same_time(tmp_path: Path) -> None:
    rules = "  - {record: 'one:x', expr: x + 1}\n  - {record: 'two:x', expr: 'one:x * 2'}"
    run = replay(tmp_path, rules, "x 3")
    run.up_to(0)
    assert list(run.ask("two:x", 0).values()) == [8]


def test_labels_are_added_and_taken_away(tmp_path: Path) -> None:
    rules = """
  - {record: 'a:b', expr: x, labels: {job: '', of: rule}}
  - {record: 'a:c', expr: scalar(x)}"""
    run = replay(tmp_path, rules, 'x{job="a", pod="p"} 1', group="labels: {of: group, g: y}")
    run.up_to(0)
    assert set(run.ask('{__name__=~"a:."}', 0)) == {
        frozenset({("__name__", "a:b"), ("pod", "p"), ("of", "rule"), ("g", "y")}),
        frozenset({("__name__", "a:c"), ("of", "group"), ("g", "y")}),
    }


def test_labels_of_alerts_are_templates(tmp_path: Path) -> None:
    rules = "  - {alert: A, expr: x, labels: {who: '{{ $labels.job }}', of: '{{ $value }}'}}"
    run = replay(tmp_path, rules, 'x{job="a"} 2')
    run.up_to(0)
    assert run.firing("A") == [({"alertname": "A", "job": "a", "who": "a", "of": "2"}, {})]


def test_a_rule_that_fails_says_why_and_leaves_the_others_alone(tmp_path: Path) -> None:
    rules = """
  - {record: 'same:x', expr: x, labels: {job: all}}
  - {alert: Same, expr: x, labels: {job: all}}
  - {record: 'many:x', expr: x * on (g) y}
  - {record: 'fine:x', expr: x}"""
    run = replay(tmp_path, rules, 'x{job="a"} 1\nx{job="b"} 1\ny{i="1"} 1\ny{i="2"} 1')
    run.up_to(0)
    assert "after applying rule labels" in run.failures()["same:x"]
    assert "after applying alert labels" in run.failures()["Same"]
    assert "many" in run.failures()["many:x"]
    assert len(run.ask("fine:x", 0)) == 2
    assert [each.failures for each in run.groups[0].rules] == [1, 1, 1, 0]


def test_a_group_gives_no_more_than_its_limit(tmp_path: Path) -> None:
    rules = "  - {record: 'a:b', expr: x}\n  - {alert: A, expr: x}"
    run = replay(tmp_path, rules, 'x{job="a"} 1\nx{job="b"} 1', group="limit: 1")
    run.up_to(0)
    assert run.failures() == {
        "a:b": "exceeded limit of 1 with 2 series",
        "A": "exceeded limit of 1 with 2 alerts",
    }
    assert run.ask('{__name__=~".+:.+|ALERTS"}', 0) == {}


def test_a_group_may_look_back(tmp_path: Path) -> None:
    run = replay(tmp_path, "  - {record: 'a:b', expr: x}", "x 1 2 3", group="query_offset: 10s")
    run.up_to(20 * SECOND)
    assert list(run.ask("a:b", 10 * SECOND).values()) == [2]


def test_trouble_with_the_store_is_the_rules_health_and_not_their_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = replay(tmp_path, "  - {record: 'a:b', expr: x}", "x 1 2")
    failures = iter([SinkError("busy"), OSError("gone")])

    def refuse(*_: object) -> None:
        raise next(failures)

    with monkeypatch.context() as trouble:
        trouble.setattr(run.recorded, "write", refuse)
        run.up_to(0)
        assert run.failures() == {"a:b": "busy"}
        run.up_to(10 * SECOND)
        assert run.failures() == {"a:b": "OSError: gone"}
    run.up_to(20 * SECOND)
    assert run.failures() == {}
