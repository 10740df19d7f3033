"""Which processes a supervisor runs, told in a file that is locked for as long as it runs them."""

import fcntl
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

FILE = "processes.json"  # in the folder of the demo's data


@contextmanager
def told(folder: Path, process_ids: Mapping[str, int]) -> Iterator[None]:
    """Each process leads a group of its own, which a signal to the group reaches.

    Raise `BlockingIOError` where another supervisor runs with the same folder.
    """
    path = folder / FILE
    with path.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        file.truncate(0)
        file.write(json.dumps(dict(process_ids)))
        file.flush()
        try:
            yield
        finally:
            path.unlink(missing_ok=True)


def read(folder: Path) -> dict[str, int]:
    """Process ids by name; none where nobody runs them any more, whatever a file still says."""
    try:
        with (folder / FILE).open() as file:
            try:
                fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return {str(name): int(pid) for name, pid in json.load(file).items()}
    except (OSError, ValueError, AttributeError):
        pass
    return {}
