"""A program in the foreground: signals passed on once each, its exit code handed back."""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from types import FrameType

NOT_FOUND, NOT_EXECUTABLE = 127, 126  # as shells have it
_PASSED_ON = (
    signal.SIGINT,
    signal.SIGTERM,
    signal.SIGHUP,
    signal.SIGQUIT,
    signal.SIGUSR1,
    signal.SIGUSR2,
)
# What a terminal sends to all of its foreground group, so to the program too.
_TYPED = {signal.SIGINT, signal.SIGQUIT}
_PR_SET_PDEATHSIG = 1


class ForegroundError(Exception):
    """The program cannot be started; `code` is the exit code that shells give for that."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


def require(command: Sequence[str]) -> None:
    """Raise `ForegroundError` if it cannot be started, before anything is started for it."""
    name = command[0]
    if shutil.which(name) is None:
        if os.sep in name and Path(name).exists():
            raise ForegroundError(f"{name!r} cannot be executed", NOT_EXECUTABLE)
        raise ForegroundError(f"{name!r} is no command that can be found", NOT_FOUND)


def run(command: Sequence[str], env: Mapping[str, str]) -> int:
    """Until it ends: its exit code, or 128 and the number of the signal that ended it."""
    with _signals() as passed_to:
        try:
            # In our own group and with our own terminal: Ctrl-C, Ctrl-Z and reading from the
            # keyboard are as they would be without us.
            process = subprocess.Popen(  # noqa: S603 — the user's own command
                list(command),
                env={**os.environ, **env},
                preexec_fn=_with_parent(),  # noqa: PLW1509 — no thread runs here yet
            )
        except OSError as error:
            message = f"cannot start {command[0]!r}: {error.strerror}"
            raise ForegroundError(message, NOT_EXECUTABLE) from error
        passed_to(process)
        code = process.wait()
    return 128 - code if code < 0 else code


@contextlib.contextmanager
def _signals() -> Iterator[Callable[["subprocess.Popen[bytes]"], None]]:
    """From now on signals go to a program, those that came before it was there too."""
    running: list[subprocess.Popen[bytes]] = []
    early: list[int] = []

    def pass_on(number: int, _: FrameType | None) -> None:
        if not running:
            early.append(number)
        elif not (number in _TYPED and _is_typed()):
            running[0].send_signal(number)

    def passed_to(process: "subprocess.Popen[bytes]") -> None:
        running.append(process)
        for number in early:
            process.send_signal(number)

    # What we were started to ignore, as by nohup, the program is to ignore too.
    heard = [n for n in _PASSED_ON if signal.getsignal(n) is not signal.SIG_IGN]
    before = {number: signal.signal(number, pass_on) for number in heard}
    try:
        yield passed_to
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_typed() -> bool:
    """Whether ours is a terminal's foreground group, whose every member got the signal."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)


def _with_parent() -> Callable[[], None] | None:
    """On Linux the kernel ends the program if we are killed without a chance to pass that on."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl

    def ask() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)

    return ask
