"""Exponential histograms as classic ones, on bounds that stay the same from point to point.

Prometheus would keep them native. Here a bucket is a series with `le`, as every dashboard
and rule expects; four buckets to a doubling keep quantiles within a tenth of the value.
"""

from collections.abc import Iterable

from opentelemetry.proto.metrics.v1.metrics_pb2 import ExponentialHistogramDataPoint

FINEST_SCALE = 2
COARSEST_SCALE = -10
MAX_BUCKETS = 512


def classic_buckets(point: ExponentialHistogramDataPoint) -> list[tuple[float, float]]:
    """Upper bounds in ascending order, each with the count up to it; without `+Inf`."""
    scale = max(min(point.scale, FINEST_SCALE), COARSEST_SCALE)
    negative = _coarser(point.negative.offset, point.negative.bucket_counts, point.scale - scale)
    positive = _coarser(point.positive.offset, point.positive.bucket_counts, point.scale - scale)
    buckets, total = [], 0.0
    for index in _span(negative, descending=True):
        total += negative.get(index, 0)
        buckets.append((-_bound(index, scale), total))
    if point.zero_count or negative:
        total += point.zero_count
        buckets.append((point.zero_threshold, total))
    for index in _span(positive, descending=False):
        total += positive.get(index, 0)
        buckets.append((_bound(index + 1, scale), total))
    return buckets


def _coarser(offset: int, counts: Iterable[int], shift: int) -> dict[int, int]:
    merged: dict[int, int] = {}
    for place, count in enumerate(counts, offset):
        if count:
            index = place >> shift if shift >= 0 else place << -shift
            merged[index] = merged.get(index, 0) + count
    return merged


def _span(counts: dict[int, int], *, descending: bool) -> range | list[int]:
    """Empty buckets between full ones too, unless that would be thousands."""
    if not counts:
        return []
    low, high = min(counts), max(counts)
    if high - low >= MAX_BUCKETS:
        return sorted(counts, reverse=descending)
    return range(high, low - 1, -1) if descending else range(low, high + 1)


def _bound(index: int, scale: int) -> float:
    try:
        return float(2.0 ** (index * 2.0**-scale))
    except OverflowError:
        return float("inf")
