"""Every case of prometheus/rule_tests ends in the viewer as promtool expects it."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from promql_memory import labels_of
from rule_replay import Replay, cases, milliseconds, series_of

from sightline.viewer.promql.values import label_key
from sightline.viewer.rules.files import Written, load

ROOT = Path(__file__).parents[3]
CASES = [
    case for path in sorted((ROOT / "prometheus/rule_tests").glob("*.yml")) for case in cases(path)
]


def groups_of(files: list[Path]) -> list[Written]:
    wanted = [path.resolve() for path in files]
    every = load(wanted[0].parent)
    return [written for path in wanted for written in every if Path(written.file) == path]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case["name"])
def test_a_case_ends_as_promtool_expects(case: Mapping[str, Any]) -> None:
    # Where samples come less often than promtool evaluates, nothing happens in between.
    every_ms = max(milliseconds(case[name]) for name in ("interval", "evaluation_interval"))
    replay = Replay(groups_of(case["files"]), series_of(case), every_ms)
    questions = [*case.get("alert_rule_test", ()), *case.get("promql_expr_test", ())]
    assert questions
    for question in sorted(questions, key=lambda one: milliseconds(one["eval_time"])):
        at_ms = milliseconds(question["eval_time"])
        replay.up_to(at_ms)
        if "alertname" in question:
            assert replay.firing(question["alertname"]) == expected_alerts(question)
        else:
            assert replay.ask(question["expr"], at_ms) == expected_samples(question)
    assert replay.failures() == {}


def expected_alerts(question: Mapping[str, Any]) -> list[tuple[dict[str, str], dict[str, str]]]:
    return [
        (each["exp_labels"] | {"alertname": question["alertname"]}, each["exp_annotations"])
        for each in question.get("exp_alerts", ())
    ]


def expected_samples(question: Mapping[str, Any]) -> dict[object, Any]:
    return {
        label_key(labels_of(each["labels"])): pytest.approx(each["value"])
        for each in question["exp_samples"]
    }


def test_each_alert_of_ours_fires_in_a_case_and_is_quiet_in_another() -> None:
    alerts = {
        rule.alert
        for written in load(ROOT / "prometheus/rules")
        for rule in written.group.rules
        if rule.alert
    }
    asked = [question for case in CASES for question in case.get("alert_rule_test", ())]
    assert {one["alertname"] for one in asked if one.get("exp_alerts")} == alerts
    assert {one["alertname"] for one in asked if not one.get("exp_alerts")} == alerts
