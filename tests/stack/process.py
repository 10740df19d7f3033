"""One server process: started, waited for, stopped or killed, its output in a file."""

import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

READY_SECONDS = 60


@dataclass
class Process:
    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    ready_url: str | None = None
    ready_argv: Sequence[str] = ()
    user: str | None = None
    cwd: Path | None = None
    _running: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._running = subprocess.Popen(
                self.argv,
                env={"PATH": os.environ["PATH"], "HOME": str(self.log.parent), **self.env},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                cwd=self.cwd,
                user=self.user,
                start_new_session=True,
            )

    def await_ready(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while not self._ready():
            assert self.alive, f"{self.name} ended with {self._code()}:\n{self.tail()}"
            assert time.monotonic() < deadline, f"{self.name} is not ready:\n{self.tail()}"
            time.sleep(0.1)

    def stop(self) -> None:
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    @property
    def alive(self) -> bool:
        return self._running is not None and self._running.poll() is None

    @property
    def pid(self) -> int:
        assert self._running, f"{self.name} was never started"
        return self._running.pid

    def tail(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()[-12:]
        return "\n".join(line[:400] for line in lines)

    def _ready(self) -> bool:
        if self.ready_argv:
            return subprocess.run(self.ready_argv, capture_output=True, check=False).returncode == 0
        if not self.ready_url:
            return True
        try:
            with urllib.request.urlopen(self.ready_url, timeout=2) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    def _end(self, number: signal.Signals) -> None:
        if not self._running or not self.alive:
            return
        os.killpg(self._running.pid, number)
        try:
            self._running.wait(timeout=20)
        except subprocess.TimeoutExpired:
            os.killpg(self._running.pid, signal.SIGKILL)
            self._running.wait(timeout=10)

    def _code(self) -> int | None:
        return self._running.poll() if self._running else None
