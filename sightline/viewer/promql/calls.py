"""Function calls: each name to what computes it, anything else refused by name."""

from collections.abc import Callable, Sequence
from typing import Any, cast

import numpy as np
import promql_parser as ast

from sightline.viewer.promql import functions, histogram, naming, rate, regression, selectors
from sightline.viewer.promql.errors import UnsupportedError
from sightline.viewer.promql.over_time import REDUCTIONS, quantile
from sightline.viewer.promql.query import Query
from sightline.viewer.promql.rate import Result
from sightline.viewer.promql.samples import Floats, Matcher
from sightline.viewer.promql.syntax import bare, kind
from sightline.viewer.promql.values import Value, Vector, single
from sightline.viewer.promql.windows import Windows

Evaluate = Callable[[Query, Any], Value]
WindowsOf = Callable[[Query, Any], Windows]

RANGED: dict[str, Callable[..., Result]] = {
    "changes": rate.changes,
    "delta": rate.delta,
    "deriv": regression.deriv,
    "double_exponential_smoothing": regression.double_exponential_smoothing,
    "idelta": rate.idelta,
    "increase": rate.increase,
    "irate": rate.irate,
    "predict_linear": regression.predict_linear,
    "quantile_over_time": lambda windows, q: (quantile(windows, q), windows.count > 0),
    "rate": rate.rate,
    "resets": rate.resets,
}
# The others need the ends of a window, or what was counted up before.
VISITS_ALL = (REDUCTIONS.keys() | RANGED.keys()) - {
    *("changes", "count_over_time", "delta", "first_over_time", "idelta", "increase", "irate"),
    *("last_over_time", "present_over_time", "rate", "resets"),
    *("ts_of_first_over_time", "ts_of_last_over_time"),
}
KEEPS_NAME = {"first_over_time", "last_over_time"}

# A vector first, then strings and scalars as the function wants them.
ON_VECTORS: dict[str, Callable[..., Vector]] = {
    "clamp": functions.clamped,
    "clamp_max": lambda vector, high: functions.clamped(vector, np.full_like(high, -np.inf), high),
    "clamp_min": lambda vector, low: functions.clamped(vector, low, np.full_like(low, np.inf)),
    "histogram_fraction": lambda low, high, vector: histogram.fraction(vector, low, high),
    "histogram_quantiles": histogram.quantiles,
    "histogram_quantile": lambda q, vector: histogram.quantile(vector, q),
    "label_join": naming.label_join,
    "label_replace": naming.label_replace,
    "round": functions.rounded,
    "sort": lambda vector: naming.sort_by_value(vector, descending=False),
    "sort_by_label": lambda vector, *names: naming.sort_by_label(vector, *names, descending=False),
    "sort_by_label_desc": lambda vector, *names: naming.sort_by_label(
        vector, *names, descending=True
    ),
    "sort_desc": lambda vector: naming.sort_by_value(vector, descending=True),
}
ON_SCALARS: dict[str, Callable[[Floats, Floats], Floats]] = {
    "max_of": np.maximum,
    "min_of": np.minimum,
}


def call(query: Query, expr: ast.Call, evaluate: Evaluate, windows_of: WindowsOf) -> Value:
    name, args = expr.func.name, [bare(each) for each in expr.args]
    if name in REDUCTIONS or name in RANGED:
        return _ranged(query, name, args, evaluate, windows_of)
    if name == "absent_over_time":
        return _absent_over_time(query, args[0], windows_of)
    if name == "absent":
        vector = cast("Vector", evaluate(query, args[0]))
        return naming.absent(vector, _implied(args[0]))
    if name == "timestamp":
        return _timestamp(query, args[0], evaluate)
    if any(kind(each) == "matrix" for each in args):
        raise UnsupportedError(f"function {name}()")
    return _plain(query, name, [evaluate(query, each) for each in args])


def _ranged(
    query: Query, name: str, args: Sequence[Any], evaluate: Evaluate, windows_of: WindowsOf
) -> Vector:
    ranged = next(each for each in args if kind(each) == "matrix")
    numbers = [evaluate(query, each) for each in args if each is not ranged]
    windows = windows_of(query, ranged)
    if name in VISITS_ALL:
        query.bound(int(windows.count.sum()), query.settings.max_visits)
    if name in REDUCTIONS:
        values, present = REDUCTIONS[name](windows), windows.count > 0
    else:
        values, present = RANGED[name](windows, *numbers)
    vector = Vector(windows.labels, values, present).compact()
    return vector if name in KEEPS_NAME else vector.nameless(vector.values)


def _absent_over_time(query: Query, arg: Any, windows_of: WindowsOf) -> Vector:
    windows = windows_of(query, arg)
    counted = Vector(windows.labels, windows.count.astype(np.float64), windows.count > 0)
    return naming.absent(counted, _implied(arg))


def _implied(arg: Any) -> Sequence[Matcher]:
    selector = arg.vector_selector if isinstance(arg, ast.MatrixSelector) else arg
    return selectors.matchers_of(selector) if isinstance(selector, ast.VectorSelector) else []


def _timestamp(query: Query, arg: Any, evaluate: Evaluate) -> Vector:
    if isinstance(arg, ast.VectorSelector):
        return selectors.sample_times(query, arg)
    vector = cast("Vector", evaluate(query, arg))
    return vector.nameless(np.broadcast_to(query.grid.times / 1000, vector.shape))


def _plain(  # noqa: PLR0911 — one return per kind of function
    query: Query, name: str, values: Sequence[Any]
) -> Value:
    steps = np.ones(query.grid.size)
    seconds = query.grid.times / 1000
    if name in functions.ELEMENTWISE:
        return _each(functions.ELEMENTWISE[name], values[0])
    if name in functions.CALENDAR:
        return _each(functions.CALENDAR[name], values[0] if values else single(seconds))
    if name in ON_VECTORS:
        return ON_VECTORS[name](*values).compact()
    if name in ON_SCALARS:
        return ON_SCALARS[name](values[0], values[1])
    match name:
        case "time":
            return seconds
        case "pi":
            return steps * np.pi
        case "vector":
            return single(values[0])
        case "scalar":
            return _only(values[0])
        case "start" | "end" | "range" | "step":
            return steps * _edge(query, name)
    raise UnsupportedError(f"function {name}()", _remedy(name))


def _each(function: functions.Elementwise, vector: Vector) -> Vector:
    return vector.nameless(function(vector.values))


def _only(vector: Vector) -> Floats:
    """The value of the one series, NaN where there is none or more than one."""
    sole = vector.present.sum(axis=0) == 1
    return np.where(sole, np.where(vector.present, vector.values, 0.0).sum(axis=0), np.nan)


def _edge(query: Query, name: str) -> float:
    outer = query.outer
    edges = {"start": outer.start, "end": outer.end, "range": outer.end - outer.start}
    instant = outer.start == outer.end
    return edges.get(name, 0 if instant else outer.step) / 1000


def _remedy(name: str) -> str:
    if name.startswith("histogram_"):
        return "it needs native histograms, and classic ones are stored"
    return ""
