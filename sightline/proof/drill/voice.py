"""What a drill says. Where nobody can hear it any more it goes on in silence, so that it heals."""

import os
import sys
from typing import TextIO


def say(text: str) -> bool:
    """Whether it could be written; where not, why is told once."""
    try:
        print(text, flush=True)  # noqa: T201 — a command's own output
    except OSError as error:  # the terminal or the reader has gone, or the disk is full
        _silence(sys.stdout)
        complain(f"its output cannot be written: {error.strerror}")
        return False
    return True


def complain(text: str) -> None:
    try:
        print(f"sightline drill: {text}", file=sys.stderr)  # noqa: T201 — a command's own output
    except OSError:
        _silence(sys.stderr)  # the terminal has gone: there is nobody left to tell


def _silence(stream: TextIO) -> None:
    """What is written from here on, and what the stream still holds, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
