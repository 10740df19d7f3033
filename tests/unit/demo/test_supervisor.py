"""The supervisor starts in order, notices a death, and leaves nothing behind."""

import socket
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from sightline.supervisor import Program, ProgramError, StopRequested, Supervisor


def sleeper(name: str, *, on_end: str = "", stop_seconds: float = 5) -> Program:
    code = (
        "import signal, sys, time\n"
        "def end(*_):\n    print('ended', time.monotonic_ns(), flush=True)\n"
        f"    {on_end or 'sys.exit(0)'}\n"
        "signal.signal(signal.SIGTERM, end)\nprint('up', flush=True)\n"
        "while True: time.sleep(0.05)\n"
    )
    return Program(name, [sys.executable, "-c", code], stop_seconds=stop_seconds)


def wait_for_text(path: Path, text: str, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while text not in path.read_text():
        assert time.monotonic() < deadline, f"{path} never said {text!r}: {path.read_text()!r}"
        time.sleep(0.02)


def children() -> list[psutil.Process]:
    return psutil.Process().children(recursive=True)


def test_programs_end_in_the_reverse_order_of_their_start(tmp_path: Path) -> None:
    with Supervisor(tmp_path) as supervisor:
        for name in ("first", "second"):
            supervisor.start(sleeper(name))
            wait_for_text(supervisor.log_path(name), "up")
    first, second = (
        int(supervisor.log_path(name).read_text().split("ended")[1]) for name in ("first", "second")
    )
    assert second < first


def test_a_program_that_ignores_the_signal_is_killed_after_its_time(tmp_path: Path) -> None:
    before = {child.pid for child in children()}
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(sleeper("deaf", on_end="pass", stop_seconds=0.2))
        wait_for_text(supervisor.log_path("deaf"), "up")
    assert {child.pid for child in children()} <= before


def test_a_grandchild_does_not_outlive_the_supervisor(tmp_path: Path) -> None:
    code = (
        "import subprocess, sys, time\n"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)'])\n"
        "print(p.pid, 'up', flush=True)\ntime.sleep(60)\n"
    )
    with Supervisor(tmp_path) as supervisor:
        supervisor.start(Program("parent", [sys.executable, "-c", code]))
        wait_for_text(supervisor.log_path("parent"), "up")
    grandchild = int(supervisor.log_path("parent").read_text().split()[0])
    deadline = time.monotonic() + 5
    while psutil.pid_exists(grandchild) and (
        psutil.Process(grandchild).status() != psutil.STATUS_ZOMBIE
    ):
        assert time.monotonic() < deadline, "the grandchild still runs"
        time.sleep(0.02)


def test_a_program_that_ends_on_its_own_is_named_with_its_last_words(tmp_path: Path) -> None:
    with (
        pytest.raises(ProgramError, match=r"(?s)broken ended with exit code 3.*no such table"),
        Supervisor(tmp_path) as supervisor,
    ):
        code = "import sys; print('no such table'); sys.exit(3)"
        supervisor.start(Program("broken", [sys.executable, "-c", code]))
        supervisor.watch()


def test_a_program_that_is_not_ready_in_time_is_named_with_its_url(tmp_path: Path) -> None:
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{held.getsockname()[1]}/health"
        program = Program("slow", sleeper("slow").argv, ready_url=url)
        with (
            pytest.raises(ProgramError, match=rf"slow did not answer {url}"),
            Supervisor(tmp_path) as supervisor,
        ):
            supervisor.start(program)
            supervisor.wait_ready(0.3)


def test_a_wish_to_stop_ends_the_watch(tmp_path: Path) -> None:
    before = {child.pid for child in children()}
    stop = threading.Event()
    with pytest.raises(StopRequested), Supervisor(tmp_path, stop.is_set) as supervisor:
        supervisor.start(sleeper("steady"))
        stop.set()
        supervisor.watch()
    assert {child.pid for child in children()} <= before


def test_a_program_that_is_not_there_is_named(tmp_path: Path) -> None:
    with (
        pytest.raises(ProgramError, match=r"ghost cannot be started: .*/no/such/program"),
        Supervisor(tmp_path) as supervisor,
    ):
        supervisor.start(Program("ghost", ["/no/such/program"]))
