"""Several workers of one service as one: whoever answers the scrape speaks for all, exactly.

Each worker keeps its values where `prometheus_client`'s own multi-process mode keeps them, in
mapped files of a folder they share, so that a worker that is killed loses none. What that mode
lacks is added here: the mode itself where `uvicorn --workers N` is recognized and nobody named a
folder, exemplars, what custom collectors report, and a folder that does not grow with each worker
that is replaced. A process that is alone does nothing of this.

    folder.py     which folder, made private; who of its workers lives
    sharing.py    this worker's values, exemplars and collectors, put there
    gone.py       the counts of workers that are gone, kept once
    combined.py   all of it as one exposition
"""

import os

from prometheus_client import CollectorRegistry

from sightline.telemetry.errors import TelemetryError
from sightline.telemetry.workers import folder
from sightline.telemetry.workers.combined import Combined
from sightline.telemetry.workers.sharing import Sharing


class _Process:
    sharing: Sharing | None = None


def join(registry: CollectorRegistry) -> None:
    """Shares the metrics of this registry with the other workers, if there are any."""
    if _Process.sharing is None:
        place = folder.named() or folder.of_uvicorn_workers()
        if place is None:
            return
        try:
            _Process.sharing = Sharing(place)
        except OSError as error:
            raise TelemetryError(
                f"{folder.VARIABLE}={str(place)!r}: the workers cannot share their metrics there: "
                f"{error.strerror}. Name a folder that is empty and yours to write to."
            ) from error
        os.register_at_fork(after_in_child=_after_fork)
    if _Process.sharing is not None:
        _Process.sharing.adopt(registry)


def _after_fork() -> None:
    if _Process.sharing is not None:
        _Process.sharing.restart_after_fork()


def combined() -> CollectorRegistry | None:
    """The metrics of all workers; none for a process that is alone."""
    sharing = _Process.sharing
    if sharing is None:
        return None
    sharing.publish()
    everyone = CollectorRegistry()
    everyone.register(Combined(sharing.folder))
    return everyone


def last_words() -> None:
    """What collectors report at the end of a worker; its values are there already."""
    if _Process.sharing is not None:
        _Process.sharing.publish()
