"""What a drill says. Where nobody can hear it any more it goes on in silence, so that it heals."""

import sys

from sightline.unheard import silence


def say(text: str) -> bool:
    """Whether it could be written; where not, why is told once."""
    try:
        print(text, flush=True)  # noqa: T201 — a command's own output
    except OSError as error:  # the terminal or the reader has gone, or the disk is full
        silence(sys.stdout)
        complain(f"its output cannot be written: {error.strerror}")
        return False
    return True


def complain(text: str) -> None:
    try:
        print(f"sightline drill: {text}", file=sys.stderr)  # noqa: T201 — a command's own output
    except OSError:
        silence(sys.stderr)  # the terminal has gone: there is nobody left to tell
