"""The thread that does telemetry's work beside the requests, in short holds of the GIL.

A request only appends to a deque. The thread takes what has gathered, a few records at a time,
and lets the event loop run between two portions; `flush` does the same in the caller's thread.
"""

import threading
import time
from collections import deque
from collections.abc import Callable
from typing import Any

Work = tuple[Callable[[Any], None], Any]

_LINGER = 0.02
_PORTION = 24
# Beyond this many waiting records each producer does a portion itself: bounded, and nothing lost.
_HIGH_WATER = 4_096


class Pump:
    def __init__(
        self, after_portion: Callable[[], None], report: Callable[[Exception], None]
    ) -> None:
        self._waiting: deque[Work] = deque()
        self._after_portion = after_portion
        self._report = report
        self._wake = threading.Event()
        self._lock = threading.RLock()
        self._closed = False
        self._after_put: Callable[[], None] | None = None
        self.put = self._put
        self._start()

    def _start(self) -> None:
        threading.Thread(target=self._run, name="sightline-telemetry", daemon=True).start()

    def restart_after_fork(self) -> None:
        """Threads do not survive a fork, and what waited is the parent's to write."""
        self._waiting.clear()
        self._wake = threading.Event()
        self._lock = threading.RLock()
        self._start()

    def _put(self, work: Work) -> None:
        waiting = self._waiting
        waiting.append(work)
        if not self._wake.is_set():
            self._wake.set()
        if len(waiting) > _HIGH_WATER:
            self._portion()

    def _put_through(self, work: Work) -> None:
        self._waiting.append(work)
        self.flush()
        if self._after_put is not None:
            self._after_put()

    def _run(self) -> None:
        wake = self._wake
        while not self._closed:
            wake.wait()
            wake.clear()
            time.sleep(_LINGER)
            while self._portion():
                time.sleep(0)

    def _portion(self) -> bool:
        waiting = self._waiting
        with self._lock:
            for _ in range(_PORTION):
                if not waiting:
                    break
                handle, record = waiting.popleft()
                try:
                    handle(record)
                except Exception as error:  # noqa: BLE001 — one record must not end all
                    self._report(error)
            self._after_portion()
        return bool(waiting)

    def flush(self) -> None:
        while self._portion():
            pass

    def write_through(self, after_put: Callable[[], None]) -> None:
        """The process is ending: each record is handled at once, by whoever puts it."""
        self._after_put = after_put
        self.put = self._put_through
        self.flush()

    def resume(self) -> None:
        self.put = self._put

    def close(self) -> None:
        self.flush()
        self._closed = True
        self._wake.set()
