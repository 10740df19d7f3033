"""Alerts stand after a restart as they stood before it."""

import time
from pathlib import Path

import pytest

from sightline.viewer.rules.alerts import AlertingRule
from sightline.viewer.rules.evaluator import Evaluator
from sightline.viewer.rules.files import load
from sightline.viewer.store import Store

SECOND = 1_000
RULES = """
groups:
- name: g
  rules:
  - {alert: Waits, expr: "vector(time()) < %d", for: 30s, labels: {severity: warning}}
"""


@pytest.fixture
def begin() -> int:
    """Milliseconds, some minutes ago."""
    return int(time.time() - 600) // 10 * 10 * SECOND


def states(folder: Path, *times_ms: int, ends: int = 2**53) -> list[str]:
    """Of the alert at each of these times, as one run of the viewer evaluates it."""
    (folder / "rules.yml").write_text(RULES % (ends / SECOND))
    store = Store.open(folder / "data")
    evaluator = Evaluator(store, load(folder), 10)
    rule = evaluator.groups[0].rules[0].rule
    assert isinstance(rule, AlertingRule)
    found = []
    for at_ms in times_ms:
        evaluator.evaluate(at_ms)
        found.append(str(rule.state))
    store.close()
    return found


def test_a_pending_alert_has_waited_already_and_the_time_between_does_not_count(
    tmp_path: Path, begin: int
) -> None:
    assert states(tmp_path, begin, begin + 20 * SECOND) == ["pending"] * 2
    later = begin + 100 * SECOND
    assert states(tmp_path, later, later + 10 * SECOND) == ["pending", "firing"]


def test_an_alert_that_fired_fires_again_at_once(tmp_path: Path, begin: int) -> None:
    assert states(tmp_path, begin, begin + 30 * SECOND) == ["pending", "firing"]
    assert states(tmp_path, begin + 200 * SECOND) == ["firing"]


def test_an_alert_that_had_ended_begins_anew(tmp_path: Path, begin: int) -> None:
    ends = begin + 40 * SECOND
    times = (begin, begin + 30 * SECOND, ends)
    assert states(tmp_path, *times, ends=ends) == ["pending", "firing", "inactive"]
    later = begin + 200 * SECOND
    assert states(tmp_path, later, later + 20 * SECOND) == ["pending"] * 2


def test_an_alert_of_more_than_an_hour_ago_begins_anew(tmp_path: Path, begin: int) -> None:
    assert states(tmp_path, begin - 3_600 * SECOND, begin - 3_570 * SECOND)[-1] == "firing"
    assert states(tmp_path, begin + 60 * SECOND) == ["pending"]
