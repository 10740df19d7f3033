"""Rules in a running viewer: evaluated on the beat, asked by Prometheus' own API."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
from viewer_process import Viewer, command, eventually, viewer

RULES = """
groups:
  - name: g
    rules:
      - {record: "two:one", expr: vector(2), labels: {of: rule}}
      - {record: "broken:one", expr: 'label_replace(vector(1), "", "x", "", "")'}
      - alert: Always
        expr: two:one > 1
        for: 1s
        keep_firing_for: 1m
        labels: {severity: warning}
        annotations: {summary: "{{ $labels.of }} is {{ $value }}"}
  - name: slow
    interval: 1d
    rules: [{alert: Never, expr: vector(1) > 2}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "own.yml").write_text(RULES)
    return rules


def rules_of(running: Viewer, **params: str) -> list[dict[str, Any]]:
    return [
        rule
        for group in running.json("/api/v1/rules", **params)["data"]["groups"]
        for rule in group["rules"]
    ]


def test_rules_are_recorded_and_alerts_fire_as_prometheus_tells_them(folder: Path) -> None:
    flags = ("--rules", str(folder), "--evaluation-interval", "500ms")
    with viewer(None, *flags) as running:
        eventually(
            lambda: running.query('ALERTS{alertstate="firing"}'), "a firing alert", seconds=20
        )
        (recorded,) = running.query("two:one")
        assert recorded["metric"] == {"__name__": "two:one", "of": "rule"}
        (alert,) = running.json("/api/v1/alerts")["data"]["alerts"]
        assert alert.pop("activeAt").endswith("Z")
        assert alert == {
            "labels": {"alertname": "Always", "of": "rule", "severity": "warning"},
            "annotations": {"summary": "rule is 2"},
            "state": "firing",
            "value": "2e+00",
        }
        first, broken, always, never = rules_of(running)
        assert (first["type"], first["health"], first["query"]) == ("recording", "ok", "vector(2)")
        assert (broken["health"], "lastError" in broken) == ("err", True)
        assert (always["type"], always["state"], always["health"]) == ("alerting", "firing", "ok")
        assert (always["duration"], always["keepFiringFor"], len(always["alerts"])) == (1, 60, 1)
        assert (never["health"], never["lastEvaluation"]) == ("unknown", "0001-01-01T00:00:00Z")
        assert running.json("/api/status")["rules"] == {"rules": 4, "failing": ["broken:one"]}


def test_rules_are_chosen_by_type_name_group_and_file(folder: Path) -> None:
    with viewer(None, "--rules", str(folder), "--evaluation-interval", "1d") as running:

        def names(**params: str) -> list[str]:
            return [rule["name"] for rule in rules_of(running, **params)]

        assert names(type="record") == ["two:one", "broken:one"]
        assert names(type="alert") == ["Always", "Never"]
        assert names(**{"rule_name[]": "Always"}) == ["Always"]
        assert names(**{"rule_group[]": "slow"}) == ["Never"]
        assert names(**{"file[]": str(folder / "other.yml")}) == []
        hidden = rules_of(running, type="alert", exclude_alerts="true")
        assert all("alerts" not in rule for rule in hidden)
        assert running.get("/api/v1/rules", type="other").status == 400
        assert running.get("/api/v1/rules", group_limit="1").status == 422


def test_no_rules_are_evaluated_where_none_are_wanted() -> None:
    with viewer(None, "--rules", "none") as running:
        assert running.json("/api/v1/rules")["data"] == {"groups": []}


def test_the_viewer_does_not_start_with_bad_rules_and_says_why_in_one_line(folder: Path) -> None:
    (folder / "own.yml").write_text("groups: [{name: g, rules: [{alert: A, expr: 'sum('}]}]")
    done = subprocess.run(
        command("--memory", "--rules", str(folder)),
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
        env=os.environ,
    )
    assert (done.returncode, done.stdout) == (1, "")
    begins = f"sightline view: --rules: {folder / 'own.yml'}: group 1: rule 1: A: 1:5: parse error"
    assert done.stderr.startswith(begins)
    assert done.stderr.count("\n") == 1
