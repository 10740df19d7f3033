"""A fault is put in, remembered as long as it is in, and healed by whoever finds it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from sightline import roster
from sightline.proof.addresses import Addresses, Mode
from sightline.proof.drill.faults import Container, Fault, Halt, Nothing, Switch, recorded
from sightline.proof.drill.journal import FILE, opened
from sightline.proof.drill.scene import Scene, Stopped, Unable
from sightline.proof.drill.stage import NotHealed, Stage, heal
from sightline.proof.drill.table import drills

NOBODY = "http://127.0.0.1:1"


@pytest.fixture
def sleeper(tmp_path: Path) -> Iterator[psutil.Process]:
    """A process of its own group, of which the roster in this folder tells."""
    started = subprocess.Popen(
        [sys.executable, "-c", "import time; time.sleep(60)"], start_new_session=True
    )
    try:
        with roster.told(tmp_path, {"viewer": started.pid}):
            yield psutil.Process(started.pid)
    finally:
        started.kill()
        started.wait()


def stands_still(process: psutil.Process, *, wanted: bool) -> bool:
    deadline = time.monotonic() + 10
    while (process.status() == psutil.STATUS_STOPPED) is not wanted:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def stage(data: Path, journal: object = None) -> Stage:
    places = Addresses(Mode.VIEWER, *[NOBODY] * 8)
    drill = drills(viewer=True)[0]
    return Stage(Scene(places, data), journal, drill)  # type: ignore[arg-type] # none where unused


@pytest.mark.parametrize(
    "fault",
    [
        Switch("http://127.0.0.1:8000", "slow-db"),
        Container("loki", "shop"),
        Halt(Path("/data"), "viewer"),
        Nothing(),
    ],
    ids=lambda fault: type(fault).__name__,
)
def test_a_fault_is_known_again_by_its_record(fault: Fault) -> None:
    assert recorded(fault.record()) == fault


def test_a_process_stands_still_until_it_is_healed(tmp_path: Path, sleeper: psutil.Process) -> None:
    fault = Halt(tmp_path, "viewer")
    fault.require()
    fault.inject()
    assert stands_still(sleeper, wanted=True)
    fault.heal()
    fault.heal()
    assert stands_still(sleeper, wanted=False)


def test_a_process_that_nobody_tells_of_is_not_touched(tmp_path: Path) -> None:
    with roster.told(tmp_path, {"viewer": os.getpid()}):
        pass
    with pytest.raises(Unable, match=r"no demo runs whose data is in .*SIGHTLINE_DATA"):
        Halt(tmp_path, "viewer").require()
    Halt(tmp_path, "viewer").inject()  # or this test would not go on


def test_a_roster_that_its_supervisor_has_left_tells_of_nobody(tmp_path: Path) -> None:
    (tmp_path / roster.FILE).write_text(f'{{"viewer": {os.getpid()}}}')  # as after SIGKILL
    assert roster.read(tmp_path) == {}


def test_docker_that_is_not_there_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    with pytest.raises(Unable, match="docker is not on PATH"):
        Container("loki").require()


@pytest.fixture
def docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program of that name that writes down how it was called, and answers `prometheus`."""
    program, said = tmp_path / "docker", tmp_path / "said"
    program.write_text(f'#!/bin/sh\necho "$@" >> {said}\necho prometheus\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    return said


def test_a_container_that_compose_does_not_run_is_one_line(docker: Path) -> None:
    with pytest.raises(Unable, match="docker compose runs no loki in the project shop"):
        Container("loki", "shop").require()
    assert docker.read_text() == "compose --project-name shop ps --services --status running\n"


def test_a_container_is_stopped_and_started_by_compose(docker: Path) -> None:
    fault = Container("prometheus")
    fault.require()
    fault.inject()
    fault.heal()
    said = docker.read_text().splitlines()
    called = [line.removeprefix("compose --project-name sightline ") for line in said]
    assert called[1:] == ["stop prometheus", "start prometheus"]


def test_what_is_in_is_on_disk_for_as_long_as_it_is_in(
    tmp_path: Path, sleeper: psutil.Process
) -> None:
    with opened(tmp_path) as journal:
        with stage(tmp_path, journal).fault(Halt(tmp_path, "viewer")):
            assert journal.left() == ("slow-db", Halt(tmp_path, "viewer").record())
            assert stands_still(sleeper, wanted=True)
        assert journal.left() is None
    assert (tmp_path / FILE).read_text() == ""
    assert stands_still(sleeper, wanted=False)


def test_a_drill_that_breaks_or_is_stopped_heals(tmp_path: Path, sleeper: psutil.Process) -> None:
    with opened(tmp_path) as journal:
        played = stage(tmp_path, journal)
        with pytest.raises(Stopped), played.fault(Halt(tmp_path, "viewer")):
            played.scene.stopping.set()
            played.scene.pause()
        assert journal.left() is None
    assert stands_still(sleeper, wanted=False)


def test_a_drill_that_was_stopped_puts_nothing_in_any_more(
    tmp_path: Path, sleeper: psutil.Process
) -> None:
    with opened(tmp_path) as journal:
        played = stage(tmp_path, journal)
        played.scene.stopping.set()
        with pytest.raises(Stopped), played.fault(Halt(tmp_path, "viewer")):
            pytest.fail("it was put in")
        assert journal.left() is None
    assert stands_still(sleeper, wanted=False)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGPIPE], ids=["SIGTERM", "words"])
def test_a_drill_that_nobody_hears_any_more_heals(
    tmp_path: Path, sleeper: psutil.Process, number: signal.Signals
) -> None:
    """The reader of its output has gone, and then it is stopped, or has something to say."""
    unheard = subprocess.Popen(
        [sys.executable, str(Path(__file__).parent / "unheard_drill.py"), str(tmp_path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert unheard.stdin
    assert unheard.stdout
    assert unheard.stderr
    with unheard.stdin, unheard.stdout, unheard.stderr:
        while "is in" not in (line := unheard.stdout.readline()):
            assert line, unheard.stderr.read()
        assert stands_still(sleeper, wanted=True)
        unheard.stdout.close()
        if number == signal.SIGTERM:
            unheard.send_signal(number)
        else:
            unheard.stdin.write("speak\n")
            unheard.stdin.flush()
        assert unheard.wait(timeout=30) == 128 + number
        assert unheard.stderr.read() == (
            "sightline drill: its output cannot be written: Broken pipe\n"
        )
    assert stands_still(sleeper, wanted=False)
    assert (tmp_path / FILE).read_text() == ""


def test_what_a_drill_that_was_killed_left_is_healed_by_its_record(
    tmp_path: Path, sleeper: psutil.Process
) -> None:
    code = (
        "import sys, time\nfrom pathlib import Path\n"
        "from sightline.proof.drill.faults import Halt\n"
        "from sightline.proof.drill.journal import opened\n"
        "data = Path(sys.argv[1])\n"
        "with opened(data) as journal:\n"
        "    journal.write('store-down', Halt(data, 'viewer').record())\n"
        "    Halt(data, 'viewer').inject()\n"
        "    print('in', flush=True)\n    time.sleep(60)\n"
    )
    killed = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert killed.stdout
    with killed.stdout:
        assert killed.stdout.readline() == "in\n"
        with pytest.raises(Unable, match="another drill is being played"), opened(tmp_path):
            pass
        killed.send_signal(signal.SIGKILL)
        killed.wait()
    assert stands_still(sleeper, wanted=True)
    with opened(tmp_path) as journal:
        left = journal.left()
        assert left
        heal(recorded(left[1]), journal)
        assert journal.left() is None
    assert stands_still(sleeper, wanted=False)


def test_a_fault_that_cannot_be_healed_stays_on_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sightline.proof.drill.stage._BETWEEN_TRIES_SECONDS", 0)
    gone = Switch(NOBODY, "errors")
    with opened(tmp_path) as journal:
        journal.write("errors", gone.record())
        with pytest.raises(NotHealed, match=r"does not answer.*The next drill will try again"):
            heal(gone, journal)
        assert journal.left() == ("errors", gone.record())


def test_a_folder_that_cannot_be_written_is_one_line(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    with pytest.raises(Unable, match="SIGHTLINE_DATA"), opened(blocked / "data"):
        pass
