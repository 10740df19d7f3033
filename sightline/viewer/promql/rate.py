"""Functions over counters and gauges in a window: what changed, and how fast."""

import numpy as np

from sightline.viewer.promql.samples import Flags, Floats
from sightline.viewer.promql.windows import Windows

Result = tuple[Floats, Flags]


def rate(windows: Windows) -> Result:
    return _extrapolated(windows, counter=True, per_second=True)


def increase(windows: Windows) -> Result:
    return _extrapolated(windows, counter=True, per_second=False)


def delta(windows: Windows) -> Result:
    return _extrapolated(windows, counter=False, per_second=False)


def _extrapolated(windows: Windows, *, counter: bool, per_second: bool) -> Result:
    """What the samples show, stretched to the window's edges as Prometheus stretches it."""
    first, last = windows.first, windows.last
    start_value = windows.values[first]
    change = windows.values[last] - start_value
    if counter:
        change = change + _lost_to_resets(windows)
    sampled = (windows.ts[last] - windows.ts[first]) / 1000
    spacing = sampled / (windows.count - 1)
    to_start = (windows.ts[first] - (windows.ends - windows.range_ms)) / 1000
    to_end = (windows.ends - windows.ts[last]) / 1000
    to_start = np.where(to_start >= spacing * 1.1, spacing / 2, to_start)
    to_end = np.where(to_end >= spacing * 1.1, spacing / 2, to_end)
    if counter:
        # A counter was never below zero, so it is not stretched to before it was zero.
        to_zero = np.where(
            (change > 0) & (start_value >= 0), sampled * (start_value / change), to_start
        )
        to_start = np.where(to_zero < to_start, to_zero, to_start)
    factor = np.where(sampled != 0, (sampled + to_start + to_end) / sampled, 1.0)
    if per_second:
        factor = factor / (windows.range_ms / 1000)
    return change * factor, windows.count >= 2  # noqa: PLR2004 — a change needs two samples


def _lost_to_resets(windows: Windows) -> Floats:
    """The value before each fall inside the window, added up."""
    values = windows.values
    before = np.zeros_like(values)
    fell = values[1:] < values[:-1]
    before[1:][fell] = values[:-1][fell]
    return _sum_after_first(before, windows)


def _sum_after_first(terms: Floats, windows: Windows) -> Floats:
    """Per window, the sum of the terms of all its samples but the first."""
    if not terms.any():
        return np.zeros(windows.shape)
    lo = np.minimum(windows.lo + 1, windows.hi)
    edges = np.stack([lo, windows.hi], axis=-1).ravel()
    sums = np.add.reduceat(terms, np.minimum(edges, len(terms) - 1))[::2].reshape(windows.shape)
    return np.where(lo < windows.hi, sums, 0.0)


def irate(windows: Windows) -> Result:
    return _last_two(windows, counter=True)


def idelta(windows: Windows) -> Result:
    return _last_two(windows, counter=False)


def _last_two(windows: Windows, *, counter: bool) -> Result:
    last = windows.last
    previous = np.maximum(last - 1, 0)
    change = windows.values[last] - windows.values[previous]
    if counter:
        fell = windows.values[last] < windows.values[previous]
        change = np.where(fell, windows.values[last], change)
        change = change / ((windows.ts[last] - windows.ts[previous]) / 1000)
    return change, windows.count >= 2  # noqa: PLR2004 — a change needs two samples


def resets(windows: Windows) -> Result:
    fell = np.zeros(len(windows.values))
    fell[1:] = windows.values[1:] < windows.values[:-1]
    return _sum_after_first(fell, windows), windows.count > 0


def changes(windows: Windows) -> Result:
    after, before = windows.values[1:], windows.values[:-1]
    changed = np.zeros(len(windows.values))
    changed[1:] = (after != before) & ~(np.isnan(after) & np.isnan(before))
    return _sum_after_first(changed, windows), windows.count > 0
