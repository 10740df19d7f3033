"""Start programs in order, watch them, and stop them in reverse with nothing left behind."""

import contextlib
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, NoReturn, Self

POLL_SECONDS = 0.05
TAIL_LINES = 12


class StopRequested(Exception):  # noqa: N818 — a person's wish, not an error
    """Ctrl-C, or a signal to end, before or while the programs run."""


class ProgramError(Exception):
    """A program did not start, was not ready in time, or ended on its own; for a person to read."""


@dataclass(frozen=True)
class Program:
    """One program: its command line, its own environment, and the URL that says it is ready."""

    name: str
    argv: Sequence[str]
    ready_url: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    stop_seconds: float = 10


class Supervisor:
    """Runs programs, each in its own process group, its output in `<logs>/<name>.log`."""

    def __init__(self, logs: Path, stopped: Callable[[], bool] = bool) -> None:
        self._logs = logs
        self._stopped = stopped
        self._running: list[tuple[Program, subprocess.Popen[bytes], IO[bytes]]] = []

    def __enter__(self) -> Self:
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def log_path(self, name: str) -> Path:
        return self._logs / f"{name}.log"

    @property
    def process_ids(self) -> dict[str, int]:
        """By the name of the program; each leads a process group."""
        return {program.name: process.pid for program, process, _ in self._running}

    def start(self, program: Program) -> None:
        output = self.log_path(program.name).open("wb")
        try:
            process = _launch(program, output)
        except OSError as error:
            output.close()
            raise ProgramError(f"{program.name} cannot be started: {error}") from error
        self._running.append((program, process, output))

    def wait_ready(self, seconds: float) -> None:
        """Return when every program answers its ready URL; raise `ProgramError` if one does not."""
        deadline = time.monotonic() + seconds
        for program, _, _ in self._running:
            url = program.ready_url
            while url is not None and not _answers(url):
                self.check()
                if time.monotonic() > deadline:
                    raise ProgramError(
                        f"{program.name} did not answer {url} within {seconds:.0f} s."
                        f"{self._last_words(program.name)}"
                    )
                time.sleep(POLL_SECONDS)
        self.check()

    def check(self) -> None:
        """Raise `StopRequested` if that is wished, `ProgramError` if a program has ended."""
        if self._stopped():
            raise StopRequested
        for program, process, _ in self._running:
            code = process.poll()
            if code is not None:
                raise ProgramError(
                    f"{program.name} ended with exit code {code}.{self._last_words(program.name)}"
                )

    def watch(self) -> NoReturn:
        """Block until `check` raises."""
        while True:
            self.check()
            time.sleep(POLL_SECONDS)

    def stop(self) -> None:
        """End all, the last started first: each may still hand its data to those before it."""
        while self._running:
            program, process, output = self._running.pop()
            _end(process, program.stop_seconds)
            output.close()

    def _last_words(self, name: str) -> str:
        path = self.log_path(name)
        lines = path.read_text(errors="replace").splitlines()[-TAIL_LINES:]
        return "".join(f"\n  {line}" for line in [f"Its last lines ({path}):", *lines])


def _launch(program: Program, output: IO[bytes]) -> subprocess.Popen[bytes]:
    # A session of its own keeps the terminal's Ctrl-C away: the order of stopping is ours.
    return subprocess.Popen(  # noqa: S603 — the command lines are our own
        list(program.argv),
        env={**os.environ, **program.env},
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=1) as answer:  # noqa: S310 — our own loopback URLs
            return bool(answer.status < 400)  # noqa: PLR2004 — any answer short of an error
    except (urllib.error.URLError, OSError):
        return False


def _end(process: subprocess.Popen[bytes], seconds: float) -> None:
    _signal_group(process, signal.SIGTERM)
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
    # Whatever is left of the group, grandchildren included, does not outlive us.
    _signal_group(process, signal.SIGKILL)
    process.wait()


def _signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
