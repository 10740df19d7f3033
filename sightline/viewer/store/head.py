"""The recent samples in memory, where dashboards look; older ones come from the database."""

import threading
from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field

import numpy as np

from sightline.viewer.promql.samples import Flags, Floats, Times
from sightline.viewer.store.batch import Points

MAX_POINTS = 2_000_000  # 17 bytes each
# Of a sample that may be taken, as Prometheus has it: what comes after it is dropped as too late.
MOST_AHEAD_MS = 600_000
Samples = tuple[Times, Floats, Flags]


@dataclass(slots=True)
class _Column:
    ts: "array[int]" = field(default_factory=lambda: array("q"))
    value: "array[float]" = field(default_factory=lambda: array("d"))
    stale: "array[int]" = field(default_factory=lambda: array("b"))
    last: int = -(2**63)


class Head:
    """Complete from `start_ms` on; each series strictly in order of time."""

    def __init__(self, start_ms: int, max_points: int = MAX_POINTS) -> None:
        self.start_ms = start_ms
        self._max_points = max_points
        self._columns: dict[int, _Column] = {}
        self._points = 0
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return self._points

    def add(self, points: Points) -> Points:
        """Take what is newer than its series' last sample, and return that."""
        kept = Points()
        with self._lock:
            columns = self._columns
            for series_id, ts, value, stale in zip(
                points.series_id, points.ts, points.value, points.stale, strict=True
            ):
                column = columns.get(series_id)
                if column is None:
                    column = columns[series_id] = _Column()
                if ts <= column.last:
                    continue
                column.last = ts
                column.ts.append(ts)
                column.value.append(value)
                column.stale.append(stale)
                kept.add(series_id, ts, value, stale=bool(stale))
            self._points += len(kept)
        return kept

    def take_back(self, points: Points) -> None:
        """What was added, unless more has come to its series since."""
        with self._lock:
            for series_id, ts in zip(reversed(points.series_id), reversed(points.ts), strict=True):
                column = self._columns.get(series_id)
                if column is None or not column.ts or column.ts[-1] != ts:
                    continue
                del column.ts[-1], column.value[-1], column.stale[-1]
                column.last = ts - 1
                self._points -= 1

    def select(self, ids: list[int], start_ms: int, end_ms: int) -> dict[int, Samples]:
        found: dict[int, Samples] = {}
        with self._lock:
            for series_id in ids:
                column = self._columns.get(series_id)
                if column is None:
                    continue
                low = bisect_left(column.ts, start_ms)
                high = bisect_right(column.ts, end_ms)
                if low < high:
                    found[series_id] = (
                        np.array(column.ts[low:high], dtype=np.int64),
                        np.array(column.value[low:high], dtype=np.float64),
                        np.array(column.stale[low:high], dtype=np.bool_),
                    )
        return found

    def seen(self, ids: list[int], start_ms: int, end_ms: int) -> set[int]:
        """Those with a sample between."""
        with self._lock:
            columns = {series_id: self._columns.get(series_id) for series_id in ids}
            return {
                series_id
                for series_id, column in columns.items()
                if column and bisect_left(column.ts, start_ms) < bisect_right(column.ts, end_ms)
            }

    def last_seen(self, series_id: int) -> int | None:
        column = self._columns.get(series_id)
        return column.last if column else None

    def prune(self) -> None:
        """Forget the older half once there are too many; the database keeps it."""
        with self._lock:
            if self._points <= self._max_points:
                return
            newest = max(column.last for column in self._columns.values())
            oldest = min(column.ts[0] for column in self._columns.values() if column.ts)
            self.start_ms = max(self.start_ms, (oldest + newest) // 2)
            for column in self._columns.values():
                cut = bisect_left(column.ts, self.start_ms)
                del column.ts[:cut], column.value[:cut], column.stale[:cut]
            self._points = sum(len(column.ts) for column in self._columns.values())

    def forget(self, ids: list[int]) -> None:
        with self._lock:
            for series_id in ids:
                column = self._columns.pop(series_id, None)
                self._points -= len(column.ts) if column else 0
