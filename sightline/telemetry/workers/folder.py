"""The folder that the workers of one service share, and who of them is alive."""

import contextlib
import fcntl
import hashlib
import multiprocessing
import os
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO

VARIABLE = "PROMETHEUS_MULTIPROC_DIR"  # prometheus_client's own, read by it at each new file


def named() -> Path | None:
    given = os.environ.get(VARIABLE)
    return Path(given) if given else None


def of_uvicorn_workers() -> Path | None:
    """For `uvicorn --workers N`: the same for all of one supervisor, and for nobody else."""
    process = multiprocessing.current_process()
    target = getattr(process, "_target", None)
    config = getattr(process, "_kwargs", {}).get("config")
    if getattr(target, "__module__", "") != "uvicorn._subprocess":
        return None
    if getattr(config, "workers", 1) < 2:  # noqa: PLR2004 — `--reload` has one
        return None
    above = Path(tempfile.gettempdir()) / f"sightline-{os.geteuid()}"
    _make_private(above)
    _clear_abandoned(above)
    # The supervisor made this key up at its start, and gives it to each of its workers.
    mark = hashlib.sha256(bytes(process.authkey)).hexdigest()[:16]
    place = above / f"workers-{os.getppid()}-{mark}"
    _make_private(place)
    os.environ[VARIABLE] = str(place)
    return place


def _make_private(place: Path) -> None:
    """In a folder for everybody: ours alone, and no link that somebody else has laid there."""
    with contextlib.suppress(FileExistsError):
        place.mkdir(mode=0o700)
    found = place.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(0, "somebody else's file stands in its place", str(place))


def _clear_abandoned(above: Path) -> None:
    for place in above.glob("workers-*-*"):
        supervisor = int(place.name.split("-")[1])
        if not runs(supervisor):
            shutil.rmtree(place, ignore_errors=True)


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextlib.contextmanager
def locked(place: Path) -> Iterator[None]:
    """One scrape, or one burial, at a time."""
    with (place / "lock").open("ab") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def hold(place: Path) -> IO[bytes]:
    """The sign of life of this process: a lock that the system takes back when it ends."""
    path = place / f"{os.getpid()}.alive"
    while True:
        file = path.open("ab")
        fcntl.flock(file, fcntl.LOCK_EX)  # waits while one of the same number is being buried
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(file.fileno()).st_ino:
                return file
        file.close()


@contextlib.contextmanager
def gone(place: Path) -> Iterator[list[int]]:
    """The workers that have ended; none of their numbers can come back meanwhile."""
    with contextlib.ExitStack() as held:
        pids = []
        for path in place.glob("*.alive"):
            pid = int(path.stem)
            # Its number may be another's by now, who has not locked it yet.
            if pid == os.getpid() or runs(pid):
                continue
            file = held.enter_context(path.open("ab"))
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            pids.append(pid)
        yield pids
