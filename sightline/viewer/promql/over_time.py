"""The `*_over_time` functions: one figure from all samples of a window."""

from collections.abc import Callable

import numpy as np

from sightline.viewer.promql.quantiles import deviations, quantiles
from sightline.viewer.promql.samples import Floats
from sightline.viewer.promql.sums import exact_mean, exact_sum, exact_total, exact_variance
from sightline.viewer.promql.windows import Windows

Reduction = Callable[[Windows], Floats]


def total(windows: Windows) -> Floats:
    if windows.lo.size < windows.count.max(initial=0):
        return _few_long_totals(windows)
    return exact_sum(windows.layers(), windows.shape)


def _few_long_totals(windows: Windows) -> Floats:
    """A window at a time: days of a recording rule have more samples than there are windows."""
    windows.check()
    cuts = zip(windows.lo.ravel().tolist(), windows.hi.ravel().tolist(), strict=True)
    sums = [exact_total(windows.values[low:high].tolist()) for low, high in cuts]
    return np.array(sums).reshape(windows.shape)


def mean(windows: Windows) -> Floats:
    return exact_mean(windows.layers(), windows.shape)


def variance(windows: Windows) -> Floats:
    return exact_variance(windows.layers(), windows.shape)


def deviation(windows: Windows) -> Floats:
    return np.sqrt(variance(windows))


def largest(windows: Windows) -> Floats:
    return _reduced(np.fmax, windows)


def smallest(windows: Windows) -> Floats:
    return _reduced(np.fmin, windows)


def _reduced(pick: np.ufunc, windows: Windows) -> Floats:
    edges = np.stack([windows.lo, windows.hi], axis=-1).ravel()
    picked: Floats = pick.reduceat(windows.values, edges)[::2].reshape(windows.shape)
    return picked


def number(windows: Windows) -> Floats:
    return windows.count.astype(np.float64)


def presence(windows: Windows) -> Floats:
    return np.ones(windows.shape)


def first(windows: Windows) -> Floats:
    return windows.values[windows.first]


def last(windows: Windows) -> Floats:
    return windows.values[windows.last]


def time_of_first(windows: Windows) -> Floats:
    return windows.ts[windows.first] / 1000


def time_of_last(windows: Windows) -> Floats:
    return windows.ts[windows.last] / 1000


def time_of_largest(windows: Windows) -> Floats:
    return _time_of(windows, np.greater_equal)


def time_of_smallest(windows: Windows) -> Floats:
    return _time_of(windows, np.less_equal)


def _time_of(windows: Windows, better: np.ufunc) -> Floats:
    """The time of the last sample that none betters; NaN loses to every number."""
    best = np.full(windows.shape, np.nan)
    when = windows.ts[windows.first]
    for values, ts, present in windows.timed_layers():
        wins = present & (better(values, best) | np.isnan(best))
        best, when = np.where(wins, values, best), np.where(wins, ts, when)
    return when / 1000


def median_deviation(windows: Windows) -> Floats:
    return deviations(windows.values, windows.lo, windows.hi, windows.check).reshape(windows.shape)


def quantile(windows: Windows, q: Floats) -> Floats:
    found = quantiles(windows.values, windows.lo, windows.hi, q, windows.check)
    return found.reshape(windows.shape)


REDUCTIONS: dict[str, Reduction] = {
    "avg_over_time": mean,
    "count_over_time": number,
    "first_over_time": first,
    "last_over_time": last,
    "mad_over_time": median_deviation,
    "max_over_time": largest,
    "min_over_time": smallest,
    "present_over_time": presence,
    "stddev_over_time": deviation,
    "stdvar_over_time": variance,
    "sum_over_time": total,
    "ts_of_first_over_time": time_of_first,
    "ts_of_last_over_time": time_of_last,
    "ts_of_max_over_time": time_of_largest,
    "ts_of_min_over_time": time_of_smallest,
}
