"""The PromQL engine: evaluates each node of an expression over all steps at once."""

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import promql_parser as ast

from sightline.viewer.promql import aggregation, joins, operators, ranking, selectors, sets
from sightline.viewer.promql.calls import call
from sightline.viewer.promql.errors import BadQueryError, ExecutionError, UnsupportedError
from sightline.viewer.promql.matching import Matching
from sightline.viewer.promql.query import Query, Settings
from sightline.viewer.promql.samples import Floats, Selecting, Series, Times
from sightline.viewer.promql.syntax import bare, kind, parse
from sightline.viewer.promql.values import Grid, Value, Vector, sort_key
from sightline.viewer.promql.windows import Windows, cut

MAX_POINTS = 11_000


@dataclass(frozen=True, slots=True)
class Engine:
    reader: Selecting
    settings: Settings = field(default_factory=Settings)

    def instant(self, text: str, time_ms: int) -> Value | list[Series]:
        """A vector or scalar of one step, a string, or a range vector's own samples."""
        expr = parse(text)
        query = Query.begin(self.reader, self.settings, Grid(time_ms, time_ms, 1))
        with np.errstate(all="ignore"):
            if kind(expr) == "matrix":
                return _own_samples(windows_of(query, bare(expr)))
            return _evaluate_top(query, expr)

    def range(self, text: str, start_ms: int, end_ms: int, step_ms: int) -> Vector | Floats:
        """Series in the order of their labels, over all steps."""
        expr = parse(text)
        if kind(expr) in ("matrix", "string"):
            words = {"matrix": "range vector", "string": "string"}
            raise BadQueryError(
                f'invalid expression type "{words[kind(expr)]}" for range query, '
                "must be Scalar or instant Vector"
            )
        grid = Grid(start_ms, end_ms, step_ms)
        if grid.size > MAX_POINTS + 1:
            raise BadQueryError(
                "exceeded maximum resolution of 11,000 points per timeseries. "
                "Try decreasing the query resolution (?step=XX)"
            )
        with np.errstate(all="ignore"):
            value = _evaluate_top(Query.begin(self.reader, self.settings, grid), expr)
        if not isinstance(value, Vector):
            return cast("Floats", value)
        order = sorted(range(len(value.labels)), key=lambda row: sort_key(value.labels[row]))
        return value.take(order)


def _evaluate_top(query: Query, expr: Any) -> Value:
    value = evaluate(query, expr)
    return value.compact() if isinstance(value, Vector) else value


def evaluate(query: Query, expr: Any) -> Value:  # noqa: PLR0911 — one return per kind of node
    query.check()
    match expr:
        case ast.NumberLiteral():
            return np.full(query.grid.size, expr.val)
        case ast.StringLiteral():
            return expr.val
        case ast.ParenExpr():
            return evaluate(query, expr.expr)
        case ast.UnaryExpr():
            return _negated(query, expr)
        case ast.VectorSelector():
            return selectors.instant_vector(query, expr)
        case ast.Call():
            return call(query, expr, evaluate, windows_of)
        case ast.AggregateExpr():
            return _aggregated(query, expr)
        case ast.BinaryExpr():
            return _combined(query, expr)
    raise BadQueryError(f"unexpected {kind(expr)} in the expression")


def windows_of(query: Query, expr: Any) -> Windows:
    """The windows of a range selector, or of a subquery evaluated on its own grid."""
    if isinstance(expr, ast.MatrixSelector):
        return selectors.range_windows(query, expr)
    ends: Times = selectors.instants(query, expr.at, expr.offset)
    grid = selectors.subquery_grid(query, expr, ends)
    query.bound(grid.size, query.settings.max_samples)
    value = evaluate(query.on(grid), expr.expr)
    if not isinstance(value, Vector):
        raise BadQueryError(f"subquery is only allowed on instant vector, got {kind(expr.expr)}")
    series = selectors.as_series(value, grid.times)
    width = selectors.milliseconds(expr.range)
    return cut(series, ends, query.grid.times, width, query.check)[0]


def _own_samples(windows: Windows) -> list[Series]:
    found = []
    for labels, (lo,), (hi,) in zip(windows.labels, windows.lo, windows.hi, strict=True):
        if hi > lo:
            fresh = np.zeros(hi - lo, dtype=bool)
            found.append(Series(labels, windows.ts[lo:hi], windows.values[lo:hi], fresh))
    return found


def _negated(query: Query, expr: ast.UnaryExpr) -> Value:
    value = evaluate(query, expr.expr)
    if isinstance(value, str):
        raise BadQueryError("unary expression only allowed on expressions of type scalar or vector")
    return value.nameless(-value.values) if isinstance(value, Vector) else -value


def _aggregated(query: Query, expr: ast.AggregateExpr) -> Vector:
    name = str(expr.op)
    modifier = expr.modifier
    excluding = modifier is not None and str(modifier.type).endswith("Without")
    grouping = aggregation.Grouping(frozenset(modifier.labels if modifier else ()), excluding)
    vector = cast("Vector", evaluate(query, expr.expr))
    if name == "count_values":
        return aggregation.count_values(vector, grouping, bare(expr.param).val, query.bound_cells)
    groups = aggregation.groups_of(vector, grouping)
    if name in aggregation.REDUCTIONS:
        return aggregation.aggregate(name, groups)
    parameter = cast("Floats", evaluate(query, expr.param)) if expr.param else None
    if name == "quantile" and parameter is not None:
        return aggregation.aggregate_quantile(groups, parameter, query.check)
    if name in ranking.PICKERS and parameter is not None:
        return ranking.pick(name, groups, parameter, query.check)
    raise UnsupportedError(f"aggregation {name}")


def _combined(query: Query, expr: ast.BinaryExpr) -> Value:
    op = str(expr.op)
    left, right = evaluate(query, expr.lhs), evaluate(query, expr.rhs)
    as_bool = expr.modifier is not None and expr.modifier.return_bool
    if isinstance(left, Vector) and isinstance(right, Vector):
        return _between_vectors(query, op, (left, right), expr.modifier, as_bool=as_bool)
    if isinstance(left, str) or isinstance(right, str):
        raise BadQueryError("binary expression must contain only scalar and instant vector types")
    if isinstance(left, Vector):
        scalar = cast("Floats", right)
        return operators.with_scalar(op, left, scalar, swapped=False, as_bool=as_bool)
    if isinstance(right, Vector):
        return operators.with_scalar(op, right, left, swapped=True, as_bool=as_bool)
    return operators.between_scalars(op, left, right)


def _between_vectors(
    query: Query,
    op: str,
    sides: tuple[Vector, Vector],
    modifier: ast.BinModifier | None,
    *,
    as_bool: bool,
) -> Vector:
    left, right = sides
    how = _matching(modifier)
    match op:
        case "and":
            return sets.both(left, right, how)
        case "or":
            return sets.either(left, right, how)
        case "unless":
            return sets.without(left, right, how)
    if op not in operators.ARITHMETIC and op not in operators.COMPARISON:
        raise UnsupportedError(f"operator {op}")
    if how.include and not how.many:
        raise ExecutionError("group labels need group_left or group_right")
    return joins.combine(op, left, right, how, query.bound_cells, as_bool=as_bool)


def _matching(modifier: ast.BinModifier | None) -> Matching:
    if modifier is None:
        return Matching()
    fill = modifier.fill_values
    labels = modifier.matching
    many = {"ManyToOne": "left", "OneToMany": "right"}
    return Matching(
        names=frozenset(labels.labels if labels else ()),
        on=labels is not None and str(labels.type).endswith("Include"),
        many=many.get(str(modifier.card).rsplit(".", 1)[-1], ""),
        include=tuple(modifier.group_labels or ()),
        fill_left=fill.lhs,
        fill_right=fill.rhs,
    )
