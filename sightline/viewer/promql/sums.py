"""Sums, means and variances that lose nothing to rounding, as Prometheus adds (Kahan and Neumaier).

Each function takes the summands one layer at a time: arrays of one shape and their presence.
"""

import math
from collections.abc import Iterable

import numpy as np

from sightline.viewer.promql.samples import Flags, Floats

Layer = tuple[Floats, Flags]


def kahan_add(value: Floats, total: Floats, lost: Floats) -> tuple[Floats, Floats]:
    fresh = total + value
    bigger = np.abs(total) >= np.abs(value)
    lost = lost + np.where(bigger, (total - fresh) + value, (value - fresh) + total)
    return fresh, np.where(np.isinf(fresh), 0.0, lost)


def exact_sum(layers: Iterable[Layer], shape: tuple[int, ...]) -> Floats:
    total, lost = np.zeros(shape), np.zeros(shape)
    for values, present in layers:
        total, lost = kahan_add(np.where(present, values, 0.0), total, lost)
    return np.where(np.isinf(total), total, total + lost)


def exact_total(values: list[float]) -> float:
    """The sum of one list, no less exact."""
    try:
        return math.fsum(values)
    except (OverflowError, ValueError):  # infinities on the way, which fsum refuses
        return sum(values)


def exact_mean(layers: Iterable[Layer], shape: tuple[int, ...]) -> Floats:
    """The sum divided at the end, or the running mean from where the sum would overflow."""
    count, total, lost, mean = (np.zeros(shape) for _ in range(4))
    running = np.zeros(shape, dtype=bool)
    for values, present in layers:
        count += present
        fresh, fresh_lost = kahan_add(np.where(present, values, 0.0), total, lost)
        overflow = present & np.isinf(fresh) & (count > 1) & ~running
        if overflow.any():
            mean = np.where(overflow, total / (count - 1), mean)
            lost = np.where(overflow, lost / (count - 1), lost)
            running |= overflow
        total = np.where(running, total, fresh)
        if not running.any():
            lost = fresh_lost
            continue
        share = (count - 1) / count
        next_mean, next_lost = kahan_add(values / count, share * mean, share * lost)
        mean = np.where(running & present, next_mean, mean)
        lost = np.where(running, np.where(present, next_lost, lost), fresh_lost)
    return np.where(running, mean + lost, total / count + lost / count)


def exact_variance(layers: Iterable[Layer], shape: tuple[int, ...]) -> Floats:
    """Welford's method, each of its two sums compensated."""
    count, mean, mean_lost, squares, squares_lost = (np.zeros(shape) for _ in range(5))
    for values, present in layers:
        count += present
        delta = np.where(present, values - (mean + mean_lost), 0.0)
        step = np.where(present, delta / np.maximum(count, 1), 0.0)
        mean, mean_lost = kahan_add(step, mean, mean_lost)
        term = np.where(present, delta * (values - (mean + mean_lost)), 0.0)
        squares, squares_lost = kahan_add(term, squares, squares_lost)
    return (squares + squares_lost) / count
