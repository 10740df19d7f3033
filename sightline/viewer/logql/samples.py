"""Counts and sizes of log lines over sliding ranges, bucketed by the database."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.viewer.logql import columns
from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.errors import QueryError
from sightline.viewer.logql.labels import LogRow, labels_of
from sightline.viewer.logql.pipeline import Pipeline, compiled, visible
from sightline.viewer.logql.streams import resources
from sightline.viewer.sql.fragment import Questions, Sql, Value, at_most, joined, sql

Key = tuple[tuple[str, str], ...]
Values = NDArray[np.float64]  # one for each step, NaN where there is none
Numbers = NDArray[np.int64]
Series = dict[Key, Values]
MOST_SERIES, MOST_GROUPS = 500, 200_000
_SECOND = 1e9
# What tells one series from another where nothing is summed: all that makes a line's labels.
_OF_LABELS = (
    "l.observed_ts", "l.severity", "l.severity_text", "l.level", "l.trace_id", "l.span_id",
    "l.scope", "l.attrs", "l.resource_id",
)  # fmt: skip
_COUNTED = (
    "SELECT {} AS bucket, {}, max({}), {} FROM {} WHERE l.ts > {} AND l.ts <= {} AND {} "
    "GROUP BY ALL {}"
)


@dataclass(frozen=True, slots=True)
class Steps:
    """The moments at which a metric query is asked, in nanoseconds."""

    start: int
    step: int
    count: int

    @classmethod
    def aligned(cls, start: int, end: int, step: int) -> "Steps":
        """As Loki's query frontend: at multiples of the step, from before the start to the end."""
        first, last = start // step, -(-end // step)
        return cls(first * step, step, last - first + 1)

    @property
    def moments(self) -> NDArray[np.int64]:
        return self.start + self.step * np.arange(self.count, dtype=np.int64)


@dataclass(frozen=True, slots=True)
class _Buckets:
    """Lines fall into buckets of the largest width of which step and range are multiples."""

    origin: int
    width: int
    last: int

    @classmethod
    def of(cls, steps: Steps, metric: s.RangeAggregation) -> "_Buckets":
        origin = steps.start - metric.offset_ns - metric.range_ns
        last = steps.start + steps.step * (steps.count - 1) - metric.offset_ns
        # A single moment has one range, however many lines are in it.
        width = metric.range_ns if steps.count == 1 else math.gcd(steps.step, metric.range_ns)
        return cls(origin, width, last)

    def number(self) -> Sql:
        origin, slack = Value(self.origin), Value(self.width - 1)
        return sql("(l.ts - {} + {}) // {}", origin, slack, Value(self.width))


def read_series(
    store: Questions, metric: s.RangeAggregation, steps: Steps, by: tuple[str, ...] | None
) -> Series:
    """With `by`, summed in the database over all other labels."""
    pipeline = compiled(metric.logs)
    buckets = _Buckets.of(steps, metric)
    groups = _by_names(pipeline, by) if by is not None else _by_all_labels(pipeline)
    # Where no label is asked for, Loki does not parse either.
    ignores_errors = pipeline.checks_errors or by == ()
    sized = metric.function.startswith("bytes")
    counted = sql(
        _COUNTED,
        buckets.number(),
        Sql("sum(strlen(l.body))" if sized else "count(*)"),
        Sql("''" if ignores_errors else columns.error_of(pipeline.parsers)),
        joined(", ", groups or [Sql("0")]),
        Sql(columns.SOURCE),
        Value(buckets.origin),
        Value(buckets.last),
        pipeline.condition,
        at_most(MOST_GROUPS + 1),
    ).ask(store)
    _refuse(counted)
    keys = _keys_of_names(counted, by) if by is not None else _keys(store, counted, pipeline)
    return _windows(counted, keys, steps, metric, buckets)


def _by_names(pipeline: Pipeline, names: tuple[str, ...]) -> list[Sql]:
    return [
        columns.field(name, pipeline.parsers) if visible(name, pipeline.shaping) else Sql("NULL")
        for name in names
    ]


def _by_all_labels(pipeline: Pipeline) -> list[Sql]:
    return [Sql(name) for name in _OF_LABELS] + ([Sql("l.body")] if pipeline.parsers else [])


def _refuse(counted: list[tuple[Any, ...]]) -> None:
    errors = sorted({row[2] for row in counted if row[2]})
    if errors:
        raise QueryError(
            f"pipeline error: {errors[0]!r}.\nUse a label filter to intentionally skip this error. "
            f'(e.g | __error__!="{errors[0]}").'
        )
    if len(counted) > MOST_GROUPS:
        raise _too_many_series()


def _too_many_series() -> QueryError:
    return QueryError(
        f"maximum number of series ({MOST_SERIES}) reached for a single query; consider reducing "
        "query cardinality by adding more specific stream selectors, reducing the time range, or "
        "aggregating results with functions like sum(), count() or topk()"
    )


def _keys_of_names(counted: list[tuple[Any, ...]], names: tuple[str, ...]) -> list[Key]:
    return [
        tuple(sorted((k, v) for k, v in zip(names, row[3:], strict=False) if v)) for row in counted
    ]


def _keys(store: Questions, counted: list[tuple[Any, ...]], pipeline: Pipeline) -> list[Key]:
    last = 3 + len(_OF_LABELS)
    known = resources(store, {row[last - 1] for row in counted})
    made: dict[tuple[Any, ...], Key] = {}

    def key(row: tuple[Any, ...]) -> Key:
        *before, trace, span, scope, attrs, resource = row[3:last]
        body = row[last] if pipeline.parsers else ""
        values: list[Any] = [0, 0, *before, body, trace, span, scope, attrs, resource]
        line = LogRow(*values)
        labels = labels_of(line, known[resource], pipeline.parsers, pipeline.shaping)
        return tuple(sorted(labels.all.items()))

    for row in counted:
        if row[3:] not in made:
            made[row[3:]] = key(row)
    return [made[row[3:]] for row in counted]


def _windows(
    counted: list[tuple[Any, ...]],
    keys: list[Key],
    steps: Steps,
    metric: s.RangeAggregation,
    buckets: _Buckets,
) -> Series:
    found: dict[Key, dict[int, float]] = {}
    for row, key in zip(counted, keys, strict=True):
        of_key = found.setdefault(key, {})
        of_key[row[0]] = of_key.get(row[0], 0) + float(row[1] or 0)
    if len(found) > MOST_SERIES:
        raise _too_many_series()
    firsts = np.arange(steps.count, dtype=np.int64) * (steps.step // buckets.width)
    lasts = firsts + metric.range_ns // buckets.width
    scale = metric.range_ns / _SECOND if metric.function in ("rate", "bytes_rate") else 1
    return {key: _sliding(counts, firsts, lasts) / scale for key, counts in found.items()}


def _sliding(
    counts: dict[int, float], firsts: NDArray[np.int64], lasts: NDArray[np.int64]
) -> Values:
    """Sums over buckets after `firsts` up to `lasts`; NaN where a range has no line at all."""
    numbers = np.array(sorted(counts), dtype=np.int64)
    sums = np.concatenate([[0.0], np.cumsum([counts[number] for number in numbers.tolist()])])
    begin = np.searchsorted(numbers, firsts, side="right")
    end = np.searchsorted(numbers, lasts, side="right")
    return np.where(end > begin, sums[end] - sums[begin], np.nan)
