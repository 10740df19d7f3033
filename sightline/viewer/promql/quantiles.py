"""Quantiles of many small sets of samples at once."""

import numpy as np

from sightline.viewer.promql.samples import Floats, Times


def quantiles(values: Floats, lo: Times, hi: Times, q: Floats) -> Floats:
    """The q-quantile of `values[lo:hi]` for each pair; sets of one size are sorted together."""
    lo, hi, q = (each.ravel() for each in np.broadcast_arrays(lo, hi, q))
    result = np.full(lo.shape, np.nan)
    for size in np.unique(hi - lo):
        if size == 0:
            continue
        rows = np.flatnonzero(hi - lo == size)
        sets = _sorted(values[lo[rows, None] + np.arange(size)])
        result[rows] = _interpolated(sets, q[rows])
    result = np.where(q < 0, -np.inf, np.where(q > 1, np.inf, result))
    return np.where(np.isnan(q), np.nan, result)


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


def deviations(values: Floats, lo: Times, hi: Times) -> Floats:
    """The median absolute deviation of `values[lo:hi]` for each pair."""
    lo, hi = lo.ravel(), hi.ravel()
    half = np.full(lo.shape, 0.5)
    middle = quantiles(values, lo, hi, half)
    result = np.full(lo.shape, np.nan)
    for size in np.unique(hi - lo):
        rows = np.flatnonzero(hi - lo == size)
        if size > 0:
            sets = values[lo[rows, None] + np.arange(size)]
            away = _sorted(np.abs(sets - middle[rows, None]))
            holes = np.isnan(sets).any(axis=1)
            result[rows] = np.where(holes, np.nan, _interpolated(away, half[rows]))
    return result
