"""What a drill has put in, on disk until it is healed; locked, so that one is played at a time."""

import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from sightline.proof.drill.scene import Unable

FILE = "drill.json"


@dataclass
class Journal:
    """Empty, or the record of the one fault that is in. Written before, cleared after."""

    _file: IO[str]

    @property
    def path(self) -> str:
        return self._file.name

    def write(self, drill: str, record: Mapping[str, Any]) -> None:
        self._replace(json.dumps({"drill": drill, "fault": dict(record)}) + "\n")

    def clear(self) -> None:
        self._replace("")

    def left(self) -> tuple[str, dict[str, Any]] | None:
        """The drill and the record that one before left, because it was killed."""
        self._file.seek(0)
        text = self._file.read()
        try:
            found = json.loads(text)
            return str(found["drill"]), dict(found["fault"])
        except (ValueError, KeyError, TypeError):
            return None  # empty, or killed while it was written: then nothing was put in yet

    def _replace(self, text: str) -> None:
        self._file.seek(0)
        self._file.truncate()
        self._file.write(text)
        self._file.flush()
        os.fsync(self._file.fileno())


@contextmanager
def opened(data: Path) -> Iterator[Journal]:
    """Raise `Unable` where another drill is played, or the folder cannot be written to."""
    path = data / FILE
    try:
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        file = path.open("a+")
    except OSError as error:
        raise Unable(
            f"cannot write to {path}: {error.strerror}. Give a folder you own with SIGHTLINE_DATA."
        ) from error
    with file:
        try:
            # The kernel lets go of it however this process ends.
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Unable(
                f"another drill is being played ({path} is locked). Wait for it, or end it "
                "with Ctrl-C."
            ) from error
        yield Journal(file)
