"""One line on the terminal while the viewer starts; nothing where no person looks."""

import sys
from types import TracebackType
from typing import Self

_CLEAR = "\r\x1b[2K"


class Progress:
    """Says what is under way, and is gone when that is over."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.over()

    def say(self, text: str) -> None:
        if self._shown:
            self._write(f"{_CLEAR}Sightline: {text} ...")

    def over(self) -> None:
        if self._shown:
            self._write(_CLEAR)
        self._shown = False

    def _write(self, text: str) -> None:
        sys.stderr.write(text)
        sys.stderr.flush()
