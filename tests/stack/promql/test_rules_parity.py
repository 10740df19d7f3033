"""Rules of many kinds over series drawn at random: promtool agrees with every sample and alert."""

import random
import subprocess
from pathlib import Path
from typing import Any

import yaml
from oracle import running
from promql_memory import loaded
from rule_replay import Replay
from servers import RELEASES, find
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.viewer.api.rules import routes
from sightline.viewer.rules.files import load
from sightline.viewer.rules.group import Group
from sightline.viewer.rules.shipped import shipped_rules

SEED = 20261125
EVERY = 15
STEPS = 60
RULES = """
groups:
  - name: recorded
    labels: {team: shop}
    rules:
      - {record: "a:sum", expr: "sum by (job) (x)"}
      - {record: "a:high", expr: "x > 5"}
      - {record: "a:window", expr: "sum_over_time(a:high[2m]) / count_over_time(a:high[2m])"}
      - {record: "a:scalar", expr: "scalar(a:sum{job='one'})", labels: {kind: scalar}}
      - {record: "a:moved", expr: 'x{job="two"}', labels: {job: moved, team: ""}}
      - {record: "a:subquery", expr: "max_over_time((x - 1)[1m:])"}
  - name: alerts
    rules:
      - alert: AtOnce
        expr: a:high
        labels: {severity: high}
      - alert: Waits
        expr: x > 3
        for: 45s
        annotations: {text: TEXT}
      - alert: Keeps
        expr: x > 7
        for: 15s
        keep_firing_for: 1m
        labels: {who: "{{ $labels.job }}/{{ $labels.none }}", value: "{{ $value | humanize }}"}
      - alert: Missing
        expr: absent(x{job="two"})
      - alert: Chained
        expr: count by (job) (ALERTS{alertstate="firing"}) > 1
        for: 30s
"""
TEXT = (
    "{{ $value }} {{ humanize $value }} {{ humanize1024 $value }} {{ humanizeDuration $value }} "
    '{{ humanizePercentage $value }} {{ printf "%.3f %.2e %.3g %g %v %s %%" $value $value $value '
    '$value $value $labels.job }}{{ "}}" }}{{ `|` }}'
)
SHOWN = ("a:sum", "a:high", "a:window", "a:scalar", "a:moved", "a:subquery")
SHOWN_TOO = ("ALERTS", "ALERTS_FOR_STATE")
ALERTS = ("AtOnce", "Waits", "Keeps", "Missing", "Chained")
ODD = ("_", "stale", "stale", "NaN", "0", "1234567.25", "0.000125", "-3725.5", "90061")


def drawn_series(drawn: random.Random) -> list[str]:
    """Values that rise and fall past the thresholds, with holes, stale markers and odd ones."""
    lines = []
    for job, instance in (("one", "1"), ("one", "2"), ("two", "1")):
        values, value = [], 4.0
        for _ in range(STEPS):
            value = min(10.0, max(0.0, value + drawn.choice((-2, -1, 0, 0, 1, 2))))
            values.append(drawn.choice(ODD) if drawn.random() < 0.2 else f"{value:g}")
        lines.append(f'x{{job="{job}", instance="{instance}"}} {" ".join(values)}')
    return lines


def case_of(drawn: random.Random, rules: Path) -> dict[str, Any]:
    """A case of promtool's whose expectations are what the viewer's evaluation gave."""
    lines = drawn_series(drawn)
    replay = Replay(load(rules), loaded("\n".join(lines), EVERY * 1000), EVERY * 1000)
    alerts: list[dict[str, Any]] = []
    samples: list[dict[str, Any]] = []
    for step in range(STEPS):
        at = step * EVERY
        replay.up_to(at * 1000)
        alerts += [alert_question(replay, name, at) for name in ALERTS]
        samples += [sample_question(replay, name, at) for name in (*SHOWN, *SHOWN_TOO)]
    series = [dict(zip(("series", "values"), line.split("} "), strict=True)) for line in lines]
    return {
        "interval": f"{EVERY}s",
        "input_series": [each | {"series": each["series"] + "}"} for each in series],
        "alert_rule_test": alerts,
        "promql_expr_test": samples,
    }


def alert_question(replay: Replay, name: str, at: int) -> dict[str, Any]:
    expected = [
        {
            "exp_labels": {k: v for k, v in labels.items() if k != "alertname"},
            "exp_annotations": annotations,
        }
        for labels, annotations in replay.firing(name)
    ]
    return {"eval_time": f"{at}s", "alertname": name, "exp_alerts": expected}


def sample_question(replay: Replay, name: str, at: int) -> dict[str, Any]:
    query = f"{name} == {name}"  # without those that are no number, which equal nothing
    found: Any = replay.ask(query, at * 1000)
    expected = [
        {
            "labels": "{" + ", ".join(f'{k}="{v}"' for k, v in sorted(labels)) + "}",
            "value": value,
        }
        for labels, value in found.items()
    ]
    return {"eval_time": f"{at}s", "expr": query, "exp_samples": expected}


def test_promtool_agrees_with_every_sample_and_alert(tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    text = RULES.replace("TEXT", yaml.safe_dump(TEXT, width=10_000))
    (rules / "rules.yml").write_text(text)
    drawn = random.Random(SEED)
    cases = [case_of(drawn, rules) for _ in range(3)]
    asked = [one for case in cases for one in case["alert_rule_test"]]
    fired = {one["alertname"] for one in asked if one["exp_alerts"]}
    assert fired == set(ALERTS), "each alert fires in some case"
    document = {
        "rule_files": ["rules/rules.yml"],
        "evaluation_interval": f"{EVERY}s",
        # Without it promtool evaluates groups in an order of its own, which changes.
        "group_eval_order": ["recorded", "alerts"],
        "fuzzy_compare": True,
        "tests": cases,
    }
    (tmp_path / "cases.yml").write_text(yaml.safe_dump(document, width=10_000))
    found = find(RELEASES["prometheus"])
    assert found, "prometheus can neither be found nor built"
    done = subprocess.run(
        [found["promtool"], "test", "rules", "cases.yml"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, (done.stdout + done.stderr)[:4000]


def test_the_shipped_rules_are_told_as_prometheus_tells_them(tmp_path: Path) -> None:
    found = find(RELEASES["prometheus"])
    assert found, "prometheus can neither be found nor built"
    folder = shipped_rules()
    more = f"global: {{evaluation_interval: 15s}}\nrule_files: ['{folder}/*.yml']\n"
    with running(found["prometheus"], tmp_path, more) as real:
        theirs = real.client.get(f"{real.url}/api/v1/rules").json()["data"]
    app = Starlette(routes=routes([Group(written, 15_000) for written in load(folder)]))
    with TestClient(app) as client:
        ours = client.get("/api/v1/rules").json()["data"]
    assert [definition(group) for group in ours["groups"]] == [
        definition(group) for group in theirs["groups"]
    ]


CHANGES = ("evaluationTime", "lastEvaluation", "health", "alerts", "state")


def definition(node: dict[str, Any]) -> dict[str, Any]:
    """What does not change while it runs; the expression without its white space."""
    kept = {name: value for name, value in node.items() if name not in CHANGES}
    assert node.keys() >= {"evaluationTime", "lastEvaluation"}
    if "query" in kept:
        kept["query"] = "".join(kept["query"].split())
    if "rules" in kept:
        kept["rules"] = [definition(rule) for rule in kept["rules"]]
    return kept
