"""Output that nobody reads any more: the reader (`| head`) or the terminal has gone."""

import os
import signal
from typing import TextIO

EXIT_CODE = 128 + signal.SIGPIPE  # as a shell tells of a program that a closed pipe ended


def silence(stream: TextIO) -> None:
    """What is written from here on, and what the stream still holds, goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
