"""One drill after the other: what becomes of each, and the exit code of all."""

import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from sightline.proof.addresses import Addresses, Mode
from sightline.proof.drill.command import _play_all
from sightline.proof.drill.faults import Nothing
from sightline.proof.drill.journal import opened
from sightline.proof.drill.scene import Scene, Unable
from sightline.proof.drill.stage import Stage
from sightline.proof.drill.story import Drill, Elsewhere, Story
from sightline.proof.http import Unreachable
from sightline.proof.stores import StoreError

NOBODY = "http://127.0.0.1:1"


def drill(name: str, play: Callable[[Stage], None]) -> Drill:
    return Drill(Story(name, "a test's own", "Nothing.", "Nothing."), 0, "None", play)


def shown(stage: Stage) -> None:
    with stage.fault(Nothing()):
        stage.note("panel", "moves")


def too_late(stage: Stage) -> None:
    with stage.fault(Nothing()):
        stage.show(lambda: False, "the alert")


def unable(_: Stage) -> None:
    raise Unable("orders refuses faults.")


def store_lost(stage: Stage) -> None:
    with stage.fault(Nothing()):
        raise StoreError("the store does not answer")


def interrupted_after(stage: Stage) -> None:
    shown(stage)
    os.kill(os.getpid(), signal.SIGTERM)


def interrupted(stage: Stage) -> None:
    with stage.fault(Nothing()):
        os.kill(os.getpid(), signal.SIGTERM)
        os.kill(os.getpid(), signal.SIGINT)
        stage.scene.pause(60)


def play(tmp_path: Path, *drills: Drill | Elsewhere) -> int:
    scene = Scene(Addresses(Mode.VIEWER, *[NOBODY] * 8), tmp_path)
    with opened(tmp_path) as journal:
        code = _play_all(list(drills), scene, journal, as_json=False)
        assert journal.left() is None
    return code


SHOWN = drill("shown", shown)
TOO_LATE = drill("late", too_late)
UNABLE = drill("unable", unable)
INTERRUPTED = drill("interrupted", interrupted)
STORE_LOST = drill("lost", store_lost)
INTERRUPTED_AFTER = drill("interrupted after", interrupted_after)
ELSEWHERE = Elsewhere(SHOWN.story, "it is of the other mode")


@pytest.mark.parametrize(
    ("drills", "code"),
    [
        ([SHOWN, ELSEWHERE], 0),
        ([SHOWN, TOO_LATE], 1),
        ([SHOWN, UNABLE], 1),
        ([UNABLE], 2),
        ([STORE_LOST], 1),
        ([INTERRUPTED_AFTER], 0),
        ([INTERRUPTED_AFTER, SHOWN], 128 + signal.SIGTERM),
        ([ELSEWHERE], 2),
        ([SHOWN, INTERRUPTED, SHOWN], 128 + signal.SIGTERM),
    ],
)
def test_the_exit_code_is_that_of_all(
    tmp_path: Path, drills: list[Drill | Elsewhere], code: int
) -> None:
    assert play(tmp_path, *drills) == code


def test_what_is_not_seen_in_time_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(tmp_path, TOO_LATE, SHOWN)
    said = capsys.readouterr().out
    assert "Not shown, after 0:00 of at most 0:00: the alert did not come within 0 s" in said
    assert "1 of 2 shown" in said


def test_no_drill_begins_after_one_that_was_interrupted(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(tmp_path, INTERRUPTED, SHOWN)
    said = capsys.readouterr().out
    assert "is healed" in said
    assert "shown: a test's own" not in said


def test_no_drill_begins_after_a_signal_between_two(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(tmp_path, INTERRUPTED_AFTER, drill("next", lambda _: pytest.fail("it was played")))
    assert "1 of 2 shown in 0:00. next interrupted." in capsys.readouterr().out


def test_what_goes_wrong_with_the_fault_in_is_not_shown_and_not_unplayed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(tmp_path, STORE_LOST)
    said = capsys.readouterr().out
    assert "Not shown, after 0:00 of at most 0:00: the store does not answer" in said


def test_signals_mean_what_they_did_before(tmp_path: Path) -> None:
    before = signal.getsignal(signal.SIGINT)
    play(tmp_path, INTERRUPTED)
    assert signal.getsignal(signal.SIGINT) is before


def test_a_store_that_is_busy_is_asked_again(tmp_path: Path) -> None:
    scene = Scene(Addresses(Mode.VIEWER, *[NOBODY] * 8), tmp_path)
    answers = iter((StoreError("busy"), Unreachable("away"), 7))

    def ask() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return answer

    assert scene.patiently(ask) == 7
