"""Quantiles of many small sets of samples at once."""

from collections.abc import Callable, Iterator

import numpy as np

from sightline.viewer.promql.samples import Floats, Times

Check = Callable[[], None]

AT_ONCE = 1_000_000  # samples copied to be sorted


def quantiles(values: Floats, lo: Times, hi: Times, q: Floats, check: Check) -> Floats:
    """The q-quantile of `values[lo:hi]` for each pair; sets of one size are sorted together."""
    lo, hi, q = (each.ravel() for each in np.broadcast_arrays(lo, hi, q))
    result = np.full(lo.shape, np.nan)
    for rows, sets in _sets(values, lo, hi, check):
        result[rows] = _interpolated(_sorted(sets), q[rows])
    result = np.where(q < 0, -np.inf, np.where(q > 1, np.inf, result))
    return np.where(np.isnan(q), np.nan, result)


def deviations(values: Floats, lo: Times, hi: Times, check: Check) -> Floats:
    """The median absolute deviation of `values[lo:hi]` for each pair."""
    lo, hi = lo.ravel(), hi.ravel()
    result = np.full(lo.shape, np.nan)
    for rows, sets in _sets(values, lo, hi, check):
        half = np.full(len(rows), 0.5)
        middle = _interpolated(_sorted(sets), half)
        away = _interpolated(_sorted(np.abs(sets - middle[:, None])), half)
        result[rows] = np.where(np.isnan(sets).any(axis=1), np.nan, away)
    return result


def _sets(values: Floats, lo: Times, hi: Times, check: Check) -> Iterator[tuple[Times, Floats]]:
    """Sets of one size, so many at a time that memory holds them, and which they are."""
    for size in np.unique(hi - lo).tolist():
        alike = np.flatnonzero(hi - lo == size)
        together = max(1, AT_ONCE // max(size, 1))
        for start in range(0, len(alike) if size else 0, together):
            check()
            rows = alike[start : start + together]
            yield rows, values[lo[rows, None] + np.arange(size)]


def _sorted(sets: Floats) -> Floats:
    """Ascending along the last axis, NaN first as Prometheus has it (numpy puts it last)."""
    return -np.sort(-sets, axis=-1)[:, ::-1]


def _interpolated(sets: Floats, q: Floats) -> Floats:
    size = sets.shape[1]
    rank = np.clip(np.nan_to_num(q), 0, 1) * (size - 1)
    below = np.floor(rank).astype(np.int64)
    above = np.minimum(size - 1, below + 1)
    weight = rank - below
    rows = np.arange(len(sets))
    lower = sets[rows, below]
    between: Floats = lower * (1 - weight) + sets[rows, above] * weight
    return np.where(weight == 0, lower, between)
