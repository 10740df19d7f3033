"""Metric queries: aggregations and arithmetic over what samples.py has counted."""

import operator
from collections.abc import Callable
from dataclasses import replace
from typing import Final

import numpy as np

from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.errors import QueryError
from sightline.viewer.logql.samples import Key, Series, Steps, Values, read_series
from sightline.viewer.sql.fragment import Questions

_SUMMED = ("count_over_time", "rate", "bytes_over_time", "bytes_rate")
_ARITHMETIC: Final[dict[str, Callable[[Values, Values], Values]]] = {
    "+": operator.add,
    "-": operator.sub,
    "*": operator.mul,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
}
_COMPARISONS: Final[
    dict[str, Callable[[Values, Values], "np.ndarray[tuple[int], np.dtype[np.bool_]]"]]
] = {
    "==": operator.eq,
    "!=": operator.ne,
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
}


def evaluate(store: Questions, metric: s.Metric, steps: Steps) -> Series | float:
    """A number stays one; anything else is series by their labels."""
    match metric:
        case s.Number(value):
            return value
        case s.RangeAggregation():
            return read_series(store, metric, steps, by=None)
        case s.VectorAggregation():
            return _aggregated(store, metric, steps)
        case s.Binary():
            left, right = (evaluate(store, side, steps) for side in (metric.left, metric.right))
            with np.errstate(all="ignore"):
                return _combined(metric, left, right, steps)


def _aggregated(store: Questions, metric: s.VectorAggregation, steps: Steps) -> Series:
    grouping = metric.grouping or s.Grouping(without=False, names=())
    inner = metric.inner
    summed = metric.function == "sum" and not grouping.without
    if summed and isinstance(inner, s.RangeAggregation):
        return read_series(store, inner, steps, by=grouping.names)
    series = evaluate(store, inner, steps)
    if isinstance(series, float):
        raise QueryError(f"parse error : {metric.function} needs series, not the number {series:g}")
    groups: dict[Key, list[Key]] = {}
    for key in series:
        groups.setdefault(_group_of(key, grouping), []).append(key)
    if metric.function in ("topk", "bottomk"):
        return _ranked(metric, series, groups)
    return {
        group: _REDUCTIONS[metric.function](np.array([series[key] for key in keys]))
        for group, keys in groups.items()
    }


def _group_of(key: Key, grouping: s.Grouping) -> Key:
    return tuple(pair for pair in key if (pair[0] in grouping.names) != grouping.without)


def _over_present(reduce: Callable[[Values], Values]) -> Callable[[Values], Values]:
    """NaN is a missing sample: left out, and the answer where all are missing."""

    def reduced(rows: Values) -> Values:
        found = np.full(rows.shape[1], np.nan)
        present = ~np.isnan(rows).all(axis=0)
        if present.any():
            found[present] = reduce(rows[:, present])
        return found

    return reduced


_REDUCTIONS: Final[dict[str, Callable[[Values], Values]]] = {
    "sum": _over_present(lambda rows: np.nansum(rows, axis=0)),
    "avg": _over_present(lambda rows: np.nanmean(rows, axis=0)),
    "min": _over_present(lambda rows: np.nanmin(rows, axis=0)),
    "max": _over_present(lambda rows: np.nanmax(rows, axis=0)),
    "count": _over_present(lambda rows: np.sum(~np.isnan(rows), axis=0, dtype=np.float64)),
}


def _ranked(metric: s.VectorAggregation, inner: Series, groups: dict[Key, list[Key]]) -> Series:
    """The largest (or smallest) of each group at each step; ties go by label order."""
    found: Series = {}
    for members in groups.values():
        keys = sorted(members)
        rows = np.array([inner[key] for key in keys])
        order = np.argsort(-rows if metric.function == "topk" else rows, axis=0, kind="stable")
        kept = np.zeros(rows.shape, dtype=bool)
        np.put_along_axis(kept, order[: metric.count], values=True, axis=0)
        rows = np.where(kept, rows, np.nan)
        found |= {k: row for k, row in zip(keys, rows, strict=True) if not np.isnan(row).all()}
    return found


def _combined(
    metric: s.Binary, left: Series | float, right: Series | float, steps: Steps
) -> Series | float:
    if isinstance(left, float) and isinstance(right, float):
        compared = replace(metric, as_bool=True)  # nothing to filter: it holds or it does not
        both = _applied(compared, np.array([left]), np.array([right]), keep=np.array([left]))
        return float(both[0])
    wide = np.ones(steps.count)
    if isinstance(right, float):
        assert not isinstance(left, float)  # noqa: S101 — for the type checker: see above
        return {k: _applied(metric, v, right * wide, keep=v) for k, v in left.items()}
    if isinstance(left, float):
        return {k: _applied(metric, left * wide, v, keep=v) for k, v in right.items()}
    return {
        key: _applied(metric, left[key], right[key], keep=left[key]) for key in left if key in right
    }


def _applied(metric: s.Binary, left: Values, right: Values, keep: Values) -> Values:
    """A comparison filters, or with bool answers 0 and 1; a missing side stays missing."""
    if metric.op in _ARITHMETIC:
        return np.asarray(_ARITHMETIC[metric.op](left, right))
    missing = np.isnan(left) | np.isnan(right)
    holds = _COMPARISONS[metric.op](left, right)
    if metric.as_bool:
        return np.where(missing, np.nan, holds.astype(np.float64))
    return np.where(holds & ~missing, keep, np.nan)
