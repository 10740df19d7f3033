"""The dashboards of a folder, each file read and converted once, until it changes."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from sightline.viewer.boards.document import BadBoard
from sightline.viewer.boards.files import (
    NO_FILE,
    Board,
    LeftOut,
    Version,
    paths,
    read_board,
    unreadable,
    version_of,
)

_MOST_HELD_BYTES = 32 * 1024**2


class _Known(NamedTuple):
    version: Version
    found: Board | LeftOut


class Shelf:
    """What is listed holds no dashboard's text; of texts the last are held, up to a bound."""

    def __init__(self, folder: Path, most_held: int = _MOST_HELD_BYTES) -> None:
        self._folder = self._root = folder
        self._most_held = most_held
        self._known: dict[Path, _Known] = {}
        self._places: dict[str, Path] = {}
        self._texts: OrderedDict[Path, str] = OrderedDict()
        # Requests come on threads; none converts what another is converting.
        self._lock = Lock()

    def listed(self, taken: Mapping[str, str]) -> list[Board | LeftOut]:
        """`taken` says of uids whose they are: what has one of them is left out."""
        with self._lock:
            return list(self._list(taken))

    def text(self, uid: str) -> str | None:
        """What the page gets of one that was listed and is still there; no other file is read."""
        with self._lock:
            path = self._places.get(uid)
            found = self._found(path) if path else None
            if path is None or not isinstance(found, Board) or found.uid != uid:
                return None
            if path in self._texts:
                self._texts.move_to_end(path)
                return self._texts[path]
            try:
                return self._converted(path, self._known[path].version, found.file)[1]
            except (BadBoard, OSError):  # changed since a moment ago: a list tells
                return None

    def _list(self, taken: Mapping[str, str]) -> Iterator[Board | LeftOut]:
        self._root = self._folder.resolve()
        self._places = {}
        if not self._root.is_dir():
            gone = "is there no more: restore that folder, or name another"
            yield LeftOut(self._root.name, gone)
            return
        whose = dict(taken)
        vanished = set(self._known)
        for path in paths(self._root):
            if isinstance(path, LeftOut):
                yield path
                continue
            vanished.discard(path)
            found = self._found(path)
            if isinstance(found, Board) and found.uid in whose:
                reason = f"has the uid {found.uid} of {whose[found.uid]}: give it another uid"
                found = LeftOut(found.file, reason)
            elif isinstance(found, Board):
                whose[found.uid] = found.file
                self._places[found.uid] = path
            yield found
        for path in vanished:
            del self._known[path]
            self._texts.pop(path, None)

    def _found(self, path: Path) -> Board | LeftOut:
        file = str(path.relative_to(self._root))
        try:
            version = version_of(self._root, path)
            known = self._known.get(path)
            if known is None or known.version != version:
                known = self._known[path] = _Known(version, self._read(path, version, file))
        except BadBoard as error:
            return LeftOut(file, str(error))
        except OSError as error:
            return LeftOut(file, unreadable(error))
        except RuntimeError:  # what Python before 3.13 makes of links in a circle
            return LeftOut(file, NO_FILE)
        return known.found

    def _read(self, path: Path, version: Version, file: str) -> Board | LeftOut:
        self._texts.pop(path, None)
        try:
            return self._converted(path, version, file)[0]
        except BadBoard as error:
            return LeftOut(file, str(error))

    def _converted(self, path: Path, version: Version, file: str) -> tuple[Board, str]:
        board, text = read_board(version, file)
        self._texts[path] = text
        while sum(map(len, self._texts.values())) > self._most_held:
            self._texts.popitem(last=False)
        return board, text
