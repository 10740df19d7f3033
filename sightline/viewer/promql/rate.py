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
        change = _with_resets(change, windows)
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


def _with_resets(change: Floats, windows: Windows) -> Floats:
    """Adds the value before each fall, one fall of every window at a time and so in its order."""
    falls = np.flatnonzero(windows.values[1:] < windows.values[:-1]) + 1
    following = np.searchsorted(falls, windows.first, side="right")
    number = np.searchsorted(falls, windows.last, side="right") - following
    before = np.append(windows.values[falls - 1], 0.0)
    for index in range(int(number.max(initial=0))):
        lost = before[np.minimum(following + index, len(falls))]
        change = np.where(index < number, change + lost, change)
    return change


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
    return _number(windows.values[1:] < windows.values[:-1], windows)


def changes(windows: Windows) -> Result:
    after, before = windows.values[1:], windows.values[:-1]
    return _number((after != before) & ~(np.isnan(after) & np.isnan(before)), windows)


def _number(events: Flags, windows: Windows) -> Result:
    """How many events between one sample and the next lie in each window."""
    so_far = np.concatenate([[0], np.cumsum(events)])
    return (so_far[windows.last] - so_far[windows.first]).astype(np.float64), windows.count > 0
