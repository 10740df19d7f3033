"""The files of a folder and its subfolders, and the dashboard in each, or why there is none."""

import json
import math
import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, NoReturn

from sightline.viewer.boards.document import BadBoard, document_of

_MEGABYTE = 1024**2
_MOST_BYTES = 4 * _MEGABYTE
_MOST_FILES = 500
_MOST_FOLDERS = 2_000
_LONGEST_REASON = _LONGEST_TITLE = 200
_LONGEST_DESCRIPTION = 1_000
_TOO_MANY = (
    f"holds more than {_MOST_FILES} files or {_MOST_FOLDERS:,} folders, and the rest is not looked"
    " at: name a folder that holds dashboards alone"
)
NO_FILE = "is no file that can be read: put a copy of the dashboard there"


class Board(NamedTuple):
    """A dashboard as a list tells it; `file` is its name relative to the folder."""

    uid: str
    title: str
    description: str
    file: str


class LeftOut(NamedTuple):
    """The reason follows the file's name."""

    file: str
    reason: str


class Version(NamedTuple):
    """Of a file, as far as can be told without reading it; `path` is where links lead."""

    path: Path
    inode: int
    mtime_ns: int
    size: int


def paths(root: Path) -> Iterator[Path | LeftOut]:
    """In a stable order; what is hidden, as Git and Kubernetes keep theirs, is passed over."""
    unread: list[OSError] = []
    files = 0
    walk = os.walk(root, onerror=unread.append)
    for number, (place, folders, names) in enumerate(walk, start=1):
        # Most of a home's folders hold none: they count too, or each request walks them all.
        if number > _MOST_FOLDERS:
            yield LeftOut(root.name, _TOO_MANY)
            break
        folders[:] = sorted(each for each in folders if not each.startswith("."))
        wanted = sorted(each for each in names if _is_seen(each))
        links = [each for each in folders if Path(place, each).is_symlink()]
        for name in [*wanted, *links]:
            files += 1
            if files > _MOST_FILES:
                yield LeftOut(root.name, _TOO_MANY)
                return
            yield Path(place, name)
    for error in unread:
        where = Path(error.filename).relative_to(root)
        yield LeftOut(str(where) if where.name else root.name, unreadable(error))


def _is_seen(name: str) -> bool:
    return name.lower().endswith(".json") and not name.startswith(".")


def unreadable(error: OSError) -> str:
    return f"cannot be read ({error.strerror}): let the viewer's user read it"


def version_of(root: Path, path: Path) -> Version:
    """`BadBoard` for what is not to be read."""
    real = path.resolve()
    if not real.is_relative_to(root):
        raise BadBoard("is a link that leads out of the folder: put a copy there")
    if real.is_dir():
        raise BadBoard("is a link to a folder, which is not followed: put a copy there")
    # A pipe would be waited for.
    if not real.is_file():
        raise BadBoard(NO_FILE)
    status = real.stat()
    return Version(real, status.st_ino, status.st_mtime_ns, status.st_size)


def read_board(version: Version, file: str) -> tuple[Board, str]:
    """With what the page gets; `file` is the name that the dashboard is told by."""
    with version.path.open("rb") as opened:
        content = opened.read(_MOST_BYTES + 1)
    if len(content) > _MOST_BYTES:
        size = f"{version.size / _MEGABYTE:.1f}"
        raise BadBoard(f"has {size} MB, and {_MOST_BYTES // _MEGABYTE} is the most: split it")
    return _converted(content, file)


def _converted(content: bytes, file: str) -> tuple[Board, str]:
    try:
        found = json.loads(content, parse_constant=_refuse, parse_float=_finite)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}: {error.msg}"
        raise BadBoard(f"is not JSON ({where}): export the dashboard again") from error
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else error
        raise BadBoard(f"is not JSON ({reason}): export the dashboard again") from error
    try:
        document = document_of(found, file)
        # Escaped, so that half of a surrogate pair can be sent too.
        text = json.dumps(document, allow_nan=False)
    except BadBoard:
        raise
    except Exception as error:  # one file's oddity hides no other dashboard
        why = f"{type(error).__name__}: {error}"[:_LONGEST_REASON]
        raise BadBoard(f"holds what no dashboard holds ({why}): export it again") from error
    title, description = document["title"][:_LONGEST_TITLE], document["description"]
    return Board(document["uid"], title, description[:_LONGEST_DESCRIPTION], file), text


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number of JSON")


def _finite(digits: str) -> float:
    value = float(digits)
    if not math.isfinite(value):
        _refuse(digits[:20])
    return value
