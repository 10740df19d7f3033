"""`sightline drill` says in one line what keeps it from playing."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.proof.addresses import Mode
from sightline.proof.drill.command import _heal_what_was_left
from sightline.proof.drill.journal import FILE, opened
from sightline.proof.drill.report import Outcome, State, document, verdict
from sightline.proof.drill.scene import Unable
from sightline.proof.drill.table import drills

# As the fixture `serve` gives it: pages by path, each a status and a body; the address comes back.
Serve = Callable[[dict[str, tuple[int, str]]], str]
NOWHERE = dict.fromkeys(("ORDERS_PORT", "SIGHTLINE_PORT", "PROMETHEUS_PORT"), "1")
VIEWER = (200, json.dumps({"application": "sightline viewer"}))


def drill(data: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "sightline", "drill", *arguments],
        env={**os.environ, **NOWHERE, "SIGHTLINE_DATA": str(data)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def assert_one_line(ended: subprocess.CompletedProcess[str], *words: str) -> None:
    assert ended.returncode == 2, ended.stdout + ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr
    assert ended.stderr.count("\n") == 1, ended.stderr
    for word in words:
        assert word in ended.stderr


def test_drills_are_listed_though_nothing_runs(tmp_path: Path) -> None:
    for arguments in ([], ["--list"]):
        ended = drill(tmp_path / "data", *arguments)
        assert ended.returncode == 0, ended.stderr
        for one in drills(viewer=False):
            assert f"{one.story.name} " in ended.stdout
        assert not (tmp_path / "data").exists()


def test_a_machine_reads_the_list_that_a_person_does(tmp_path: Path, serve: Serve) -> None:
    told = json.loads(drill(tmp_path, "--json", "--viewer", serve({"/healthz": VIEWER})).stdout)
    assert told["mode"] == "viewer"
    found = {one["name"]: one for one in told["drills"]}
    assert list(found) == [one.story.name for one in drills(viewer=True)]
    assert found["errors"]["alert"] == "AvailabilityBudgetBurnsFast"
    assert "no Collector stands before it" in found["collector-down"]["not_here"]


def test_a_name_that_is_none_is_told_with_those_there_are(tmp_path: Path) -> None:
    ended = drill(tmp_path, "slow")
    assert_one_line(ended, "there is no drill 'slow'", "slow-db", "secret-in-log")


def test_that_nothing_runs_is_told_with_what_starts_it(tmp_path: Path) -> None:
    ended = drill(tmp_path, "errors")
    assert_one_line(ended, "neither the viewer answers", "make demo", "make up")


@pytest.mark.parametrize(
    ("faults", "words"),
    [
        ((403, "no"), ("refuses faults", "SIGHTLINE_FAULTS=1")),
        ((404, '{"detail": "Not Found"}'), ("that is not orders", "--orders")),
        ((200, "<title>a page</title>"), ("that is not orders", "--orders")),
        (
            (200, '[{"name": "slow-db", "active": true}]'),
            ("slow-db is on already", "curl -X DELETE"),
        ),
    ],
    ids=["faults disabled", "not orders", "a page", "one is on"],
)
def test_faults_that_cannot_be_put_in_are_told_with_the_remedy(
    tmp_path: Path, serve: Serve, faults: tuple[int, str], words: tuple[str, ...]
) -> None:
    url = serve({"/healthz": VIEWER, "/faults": faults})
    assert_one_line(drill(tmp_path, "errors", "--viewer", url, "--orders", url), *words)


def test_rules_without_the_alert_are_told_with_the_remedy(tmp_path: Path, serve: Serve) -> None:
    rules = json.dumps({"status": "success", "data": {"groups": []}})
    pages = {"/healthz": VIEWER, "/faults": (200, "[]"), "/api/v1/rules": (200, rules)}
    url = serve(pages)
    ended = drill(tmp_path, "errors", "--viewer", url, "--orders", url)
    assert_one_line(ended, "has no alert AvailabilityBudgetBurnsFast", "SIGHTLINE_RULES")


def test_a_drill_that_the_viewer_cannot_play_is_told_and_not_left_out(
    tmp_path: Path, serve: Serve
) -> None:
    ended = drill(tmp_path, "collector-down", "--viewer", serve({"/healthz": VIEWER}))
    assert ended.returncode == 2
    assert "not here: the viewer is endpoint and store in one" in ended.stdout


def left(data: Path, **fault: str) -> None:
    """As a drill that was killed leaves it."""
    data.mkdir(exist_ok=True)
    (data / FILE).write_text(json.dumps({"drill": "errors", "fault": fault}))


def test_a_fault_of_orders_that_ended_with_them_keeps_no_later_drill(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sightline.proof.drill.stage._BETWEEN_TRIES_SECONDS", 0)
    left(tmp_path, kind="switch", orders="http://127.0.0.1:1", name="errors")
    with opened(tmp_path) as journal:
        _heal_what_was_left(journal, as_json=False)
        assert journal.left() is None
    assert "has ended with it: nothing listens at http://127.0.0.1:1." in capsys.readouterr().out


def test_a_fault_that_stays_in_is_told_with_the_file_that_remembers_it(
    tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.proof.drill.stage._BETWEEN_TRIES_SECONDS", 0)
    left(tmp_path, kind="switch", orders=serve({}), name="errors")
    with opened(tmp_path) as journal:
        with pytest.raises(Unable, match=rf"answers 501.*remove {tmp_path / FILE}\."):
            _heal_what_was_left(journal, as_json=False)
        assert journal.left()


def test_json_is_one_document_whatever_comes_of_it(tmp_path: Path, serve: Serve) -> None:
    url = serve({"/healthz": VIEWER, "/faults": (403, "")})
    ended = drill(tmp_path, "errors", "--json", "--viewer", url, "--orders", url)
    told = json.loads(ended.stdout)
    assert (told["green"], told["mode"]) == (False, "viewer")
    assert told["drills"][0]["state"] == "not played"
    assert "SIGHTLINE_FAULTS=1" in told["drills"][0]["reason"]
    assert ended.returncode == 2


def test_all_are_green_only_if_each_is_shown_or_told_to_be_of_the_other_mode() -> None:
    good = [Outcome("a", State.SHOWN, "A"), Outcome("b", State.ELSEWHERE, "", "why")]
    bad = Outcome("c", State.NOT_SHOWN, "C", "it did not fire")
    assert json.loads(document(Mode.VIEWER, good))["green"]
    assert not json.loads(document(Mode.VIEWER, [*good, bad]))["green"]
    told = verdict([*good, bad], wanted=8)
    assert "1 of 8 shown in 0:00. b not in this mode; c not shown." in told
