"""Quantiles and fractions of classic histograms, from their cumulative `le` buckets."""

import math
from collections.abc import Callable, Sequence

import numpy as np

from sightline.viewer.promql.samples import Flags, Floats
from sightline.viewer.promql.values import (
    Vector,
    empty,
    grouped_rows,
    label_key,
    merged,
    without_metadata,
)

SMALL_DELTA = 1e-12
SMALLEST_NORMAL = 2.0**-1022

# Bounds ascending; counts one row per bound and one column per step.
Figure = Callable[[Floats, Floats, "np.ndarray[tuple[int, ...], np.dtype[np.intp]]"], Floats]


def quantile(vector: Vector, q: Floats) -> Vector:
    return _per_histogram(vector, lambda bounds, counts, at: _quantile(bounds, counts, q[at]))


def quantiles(vector: Vector, label: str, *qs: Floats) -> Vector:
    """Several quantiles at once, each named by the label."""
    rows = []
    for q in qs:
        found = quantile(vector, q)
        name = open_metrics_number(float(q[0]) if len(q) else math.nan)
        rows.append(found.with_labels([{**each, label: name} for each in found.labels]))
    return merged(
        Vector(
            [labels for each in rows for labels in each.labels],
            np.concatenate([each.values for each in rows]),
            np.concatenate([each.present for each in rows]),
        )
    )


def open_metrics_number(value: float) -> str:
    text = repr(value)
    return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}.get(text, text)


def fraction(vector: Vector, low: Floats, high: Floats) -> Vector:
    return _per_histogram(
        vector, lambda bounds, counts, at: _fraction(bounds, counts, low[at], high[at])
    )


def _per_histogram(vector: Vector, figure: Figure) -> Vector:
    bounds = np.array([upper_bound(labels.get("le", "")) for labels in vector.labels])
    usable = vector.take(np.flatnonzero(~np.isnan(bounds)).tolist())
    bounds = bounds[~np.isnan(bounds)]
    families = [{k: v for k, v in each.items() if k != "le"} for each in usable.labels]
    groups = list(grouped_rows(map(label_key, families)).values())
    if not groups:
        return empty(vector.shape[1])
    values = np.full((len(groups), vector.shape[1]), np.nan)
    present = np.stack([usable.present[rows].any(axis=0) for rows in groups])
    for index, rows in enumerate(groups):
        order = np.array(rows)[np.argsort(bounds[rows], kind="stable")]
        for pattern, steps in _patterns(usable.present[order]):
            buckets = order[pattern]
            counts = usable.values[np.ix_(buckets, steps)]
            values[index, steps] = figure(*_coalesced(bounds[buckets], counts), steps)
    labels = [without_metadata(families[rows[0]]) for rows in groups]
    return merged(Vector(labels, values, present))


def upper_bound(text: str) -> float:
    try:
        return float(text) if "_" not in text else np.nan
    except ValueError:
        return np.nan


def _patterns(
    present: Flags,
) -> Sequence[tuple[Flags, "np.ndarray[tuple[int, ...], np.dtype[np.intp]]"]]:
    """Steps at which the same buckets exist, together."""
    if present.all():
        return [(present[:, 0], np.arange(present.shape[1]))]
    columns, which = np.unique(present.T, axis=0, return_inverse=True)
    return [
        (pattern, np.flatnonzero(which.ravel() == index))
        for index, pattern in enumerate(columns)
        if pattern.any()
    ]


def _coalesced(bounds: Floats, counts: Floats) -> tuple[Floats, Floats]:
    """Buckets of one bound, written in two ways, are one."""
    unique, starts = np.unique(bounds, return_index=True)
    if len(unique) == len(bounds):
        return bounds, counts
    return unique, np.add.reduceat(counts, starts, axis=0)


def _monotonic(counts: Floats) -> Floats:
    """Cumulative counts never fall; what rounding moved is moved back."""
    rising = counts.copy()
    highest = counts[0]
    for index in range(1, len(counts)):
        current = counts[index]
        kept = (current < highest) | _almost_equal(highest, current)
        rising[index] = highest = np.where(kept, highest, current)
    return rising


def _almost_equal(one: Floats, other: Floats) -> Flags:
    size, apart = np.abs(one) + np.abs(other), np.abs(one - other)
    tiny = (one == 0) | (other == 0) | (size < SMALLEST_NORMAL)
    near = apart / np.minimum(size, np.finfo(np.float64).max) < SMALL_DELTA
    close = np.where(tiny, apart < SMALL_DELTA * SMALLEST_NORMAL, near)
    equal: Flags = (one == other) | (np.isnan(one) & np.isnan(other)) | close
    return equal


def _quantile(bounds: Floats, counts: Floats, q: Floats) -> Floats:
    result = _inner_quantile(bounds, counts, np.clip(np.nan_to_num(q), 0, 1))
    result = np.where(q < 0, -np.inf, np.where(q > 1, np.inf, result))
    return np.where(np.isnan(q), np.nan, result)


def _inner_quantile(bounds: Floats, counts: Floats, q: Floats) -> Floats:
    if len(bounds) < 2 or bounds[-1] != np.inf:  # noqa: PLR2004 — a bucket below +Inf is needed
        return np.full(q.shape, np.nan)
    counts = _monotonic(counts)
    rank = q * counts[-1]
    reached = counts[:-1] >= rank
    bucket = np.where(reached.any(axis=0), reached.argmax(axis=0), len(bounds) - 1)
    below = np.maximum(bucket - 1, 0)
    columns = np.arange(len(q))
    lowest = bucket == 0
    start = np.where(lowest, 0.0, bounds[below])
    under = np.where(lowest, 0.0, counts[below, columns])
    inside = counts[bucket, columns] - under
    result = start + (bounds[bucket] - start) * ((rank - under) / inside)
    result = np.where(lowest & (bounds[0] <= 0), bounds[0], result)
    result = np.where(bucket == len(bounds) - 1, bounds[-2], result)
    return np.where(counts[-1] == 0, np.nan, result)


def _fraction(bounds: Floats, counts: Floats, low: Floats, high: Floats) -> Floats:
    total = counts[-1]
    if bounds[-1] != np.inf:
        return np.full(low.shape, np.nan)
    shares = np.array([_rank(bounds, counts, each) for each in (low, high)])
    result = (np.minimum(shares[1], total) - np.minimum(shares[0], total)) / total
    result = np.where(low >= high, 0.0, result)
    return np.where((total == 0) | np.isnan(low) | np.isnan(high), np.nan, result)


def _rank(bounds: Floats, counts: Floats, value: Floats) -> Floats:
    """How many observations lie below `value`, spread evenly inside a bucket."""
    bucket = np.minimum(np.searchsorted(bounds, value, side="right"), len(bounds) - 1)
    columns = np.arange(len(value))
    lowest = bucket == 0
    floor = 0.0 if bounds[0] > 0 else -np.inf
    start = np.where(lowest, floor, bounds[np.maximum(bucket - 1, 0)])
    under = np.where(lowest, 0.0, counts[np.maximum(bucket - 1, 0), columns])
    inside = counts[bucket, columns]
    share = under + (inside - under) * (value - start) / (bounds[bucket] - start)
    result = np.where(start == -np.inf, inside, share)
    result = np.where(value <= start, under, result)
    return np.where(value == np.inf, counts[-1], result)
