"""Range vectors: which samples of each series lie in the window that ends at each step."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.viewer.promql.samples import Flags, Floats, Labels, Series, Times
from sightline.viewer.promql.sums import Layer


@dataclass(frozen=True, slots=True, eq=False)
class Windows:
    """All samples in one row, a filler at the end; `lo` and `hi` cut a window per series and step.

    Windows are left-open and right-closed, as since Prometheus 3.0.
    """

    labels: Sequence[Labels]
    ts: Times
    values: Floats
    lo: Times
    hi: Times
    ends: Times
    steps: Times
    range_ms: int
    check: Callable[[], None]  # raises when the query has had its time

    @property
    def count(self) -> Times:
        return self.hi - self.lo

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.lo.shape
        return rows, columns

    @property
    def first(self) -> Times:
        """Index of each window's first sample, or of the filler where the window is empty."""
        return np.where(self.hi > self.lo, self.lo, len(self.ts) - 1)

    @property
    def last(self) -> Times:
        return np.where(self.hi > self.lo, self.hi - 1, len(self.ts) - 1)

    def layers(self) -> Iterator[Layer]:
        """The first sample of every window, then the second, and so on."""
        for values, _, present in self.timed_layers():
            yield values, present

    def timed_layers(self) -> Iterator[tuple[Floats, Times, Flags]]:
        filler = len(self.ts) - 1
        for offset in range(int(self.count.max(initial=0))):
            self.check()
            index = self.lo + offset
            present = index < self.hi
            index = np.where(present, index, filler)
            yield self.values[index], self.ts[index], present


def cut(
    series: Sequence[Series],
    ends: Times,
    steps: Times,
    range_ms: int,
    check: Callable[[], None],
    *,
    keep_stale: bool = False,
) -> tuple[Windows, Flags]:
    """The windows, and which of the samples in them are stale markers."""
    kept = list(series) if keep_stale else [_fresh(each) for each in series]
    ts = np.concatenate([*(each.ts for each in kept), np.zeros(1, dtype=np.int64)])
    values = np.concatenate([*(each.values for each in kept), [np.nan]])
    stale = np.concatenate([*(each.stale for each in kept), [True]])
    lengths = np.array([len(each.ts) for each in kept], dtype=np.int64)
    lo, hi = _bounds(ts[:-1], lengths, ends, range_ms)
    labels = [each.labels for each in series]
    return Windows(labels, ts, values, lo, hi, ends, steps, range_ms, check), stale


def _fresh(series: Series) -> Series:
    if not series.stale.any():
        return series
    keep = ~series.stale
    return Series(series.labels, series.ts[keep], series.values[keep], series.stale[keep])


def _bounds(ts: Times, lengths: Times, ends: Times, range_ms: int) -> tuple[Times, Times]:
    """One binary search for all series: the row number is put in front of the time."""
    rows = np.arange(len(lengths), dtype=np.int64)
    base = int(ts.min(initial=0)) - 1 if len(ts) else 0
    span = int(ts.max() - base) if len(ts) else 0
    keys = ts - base + np.repeat(rows, lengths) * (span + 1)

    def position(times: Times) -> Times:
        wanted = np.clip(times - base, 0, span)
        found: Times = np.searchsorted(keys, wanted + rows[:, None] * (span + 1), side="right")
        return found

    return position(ends - range_ms), position(ends)
