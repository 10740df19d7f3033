"""Selectors and subqueries: from matchers, offset and @ to vectors and windows."""

from datetime import timedelta
from typing import Any

import numpy as np
import promql_parser as ast

from sightline.viewer.promql.errors import UnsupportedError
from sightline.viewer.promql.query import Query
from sightline.viewer.promql.samples import Floats, Matcher, Series, Times
from sightline.viewer.promql.values import NAME, Grid, Vector
from sightline.viewer.promql.windows import Windows, cut

OPS: dict[str, Any] = {"Equal": "=", "NotEqual": "!=", "Re": "=~", "NotRe": "!~"}


def matchers_of(selector: ast.VectorSelector) -> list[Matcher]:
    if selector.matchers.or_matchers:
        raise UnsupportedError('"or" between label matchers', "use =~ or the operator or")
    matchers = [
        Matcher(each.name, OPS[str(each.op).rsplit(".", 1)[-1]], each.value)
        for each in selector.matchers.matchers
    ]
    return [Matcher(NAME, "=", selector.name), *matchers] if selector.name else matchers


def milliseconds(duration: timedelta | None) -> int:
    return 0 if duration is None else round(duration / timedelta(milliseconds=1))


def instants(query: Query, at: Any, offset: timedelta | None) -> Times:
    """Where the selector looks, for each step."""
    times = query.grid.times
    if at is not None:
        times = np.full_like(times, _fixed(query, at))
    return times - milliseconds(offset)


def _fixed(query: Query, at: Any) -> int:
    kind = str(at.type).rsplit(".", 1)[-1]
    if kind != "At":
        return query.outer.start if kind == "Start" else query.outer.end
    try:
        moment: float = at.at.timestamp()
    except (OverflowError, ValueError):
        raise UnsupportedError("@ with a time after the year 9999") from None
    return round(moment * 1000)


def instant_vector(query: Query, selector: ast.VectorSelector) -> Vector:
    vector, _ = _latest(query, selector)
    return vector


def sample_times(query: Query, selector: ast.VectorSelector) -> Vector:
    """timestamp() of a selector: when its samples were taken, not when they are looked at."""
    vector, times = _latest(query, selector)
    return vector.nameless(times)


def _latest(query: Query, selector: ast.VectorSelector) -> tuple[Vector, Floats]:
    ends = instants(query, selector.at, selector.offset)
    back = query.settings.lookback_ms
    series = _read(query, selector, ends, back)
    windows, stale = cut(series, ends, query.grid.times, back, query.check, keep_stale=True)
    last = windows.last
    present = (windows.count > 0) & ~stale[last]
    vector = Vector(windows.labels, windows.values[last], present)
    alive = np.flatnonzero(present.any(axis=1)).tolist()
    return vector.take(alive), windows.ts[last][alive] / 1000


def range_windows(query: Query, expr: ast.MatrixSelector) -> Windows:
    selector = expr.vector_selector
    ends = instants(query, selector.at, selector.offset)
    width = milliseconds(expr.range)
    series = _read(query, selector, ends, width)
    return cut(series, ends, query.grid.times, width, query.check)[0]


def _read(query: Query, selector: ast.VectorSelector, ends: Times, width: int) -> list[Series]:
    if not len(ends):
        return []
    return query.select(matchers_of(selector), int(ends.min()) - width + 1, int(ends.max()))


def subquery_grid(query: Query, expr: ast.SubqueryExpr, ends: Times) -> Grid:
    """Steps at multiples of the subquery's own step, as wide as all its windows."""
    step = milliseconds(expr.step) or query.settings.subquery_step_ms
    floor = int(ends.min()) - milliseconds(expr.range)
    return Grid((floor // step + 1) * step, int(ends.max()), step)


def as_series(vector: Vector, times: Times) -> list[Series]:
    """The values of a subquery, as if they had been stored."""
    return [
        Series(labels, times[present], values[present], np.zeros(int(present.sum()), dtype=bool))
        for labels, values, present in zip(
            vector.labels, vector.values, vector.present, strict=True
        )
    ]


def selectors_in(expr: ast.Expr) -> list[list[Matcher]]:
    """The matchers of every selector of an expression."""
    found: list[list[Matcher]] = []

    def visit(node: ast.Expr) -> None:
        if isinstance(node, ast.VectorSelector):
            found.append(matchers_of(node))

    ast.walk(expr, pre_visit=visit)
    return found
