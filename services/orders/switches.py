"""What is switched on, and how: in memory, or in a file that the workers of one service share."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel, TypeAdapter

S = TypeVar("S", bound=BaseModel)


class Switches(Generic[S]):
    def __init__(self, kind: type[S], file: Path | None) -> None:
        self._format = TypeAdapter(dict[str, kind])  # type: ignore[valid-type] # known when it runs
        self._file = file
        self._on: dict[str, S] = {}
        self._seen: tuple[int, int] | None = None

    def get(self, name: str) -> S | None:
        self._look()
        return self._on.get(name)

    def set(self, name: str, settings: S) -> None:
        with self._change():
            self._on[name] = settings

    def clear(self, name: str) -> S | None:
        """What it was set to, if it was on."""
        with self._change():
            return self._on.pop(name, None)

    def _look(self) -> None:
        """Each request looks; only what another worker has put there since is read."""
        if self._file is None:
            return
        try:
            found = self._file.stat()
        except FileNotFoundError:
            return
        mark = (found.st_ino, found.st_mtime_ns)
        if mark != self._seen:
            self._on = self._format.validate_json(self._file.read_bytes())
            self._seen = mark

    @contextmanager
    def _change(self) -> Iterator[None]:
        """One worker at a time, and whole or not at all for those who look meanwhile."""
        if self._file is None:
            yield
            return
        with self._file.with_suffix(".lock").open("ab") as turn:
            fcntl.flock(turn, fcntl.LOCK_EX)
            self._look()
            yield
            new = self._file.with_suffix(f".{os.getpid()}")
            new.write_bytes(self._format.dump_json(self._on))
            new.replace(self._file)
