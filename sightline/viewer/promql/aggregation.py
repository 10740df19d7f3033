"""Aggregations that make one series of many: sum, avg, quantile, count_values and their kin."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from sightline.viewer.promql.errors import ExecutionError
from sightline.viewer.promql.quantiles import Check, quantiles
from sightline.viewer.promql.samples import Flags, Floats, Labels, Times
from sightline.viewer.promql.sums import Layer, exact_mean, exact_sum, exact_variance
from sightline.viewer.promql.values import METADATA, Vector, empty, grouped_rows, label_key, merged


@dataclass(frozen=True, slots=True)
class Grouping:
    """`by (names)`, or `without (names)`."""

    names: frozenset[str]
    without: bool

    def of(self, labels: Labels) -> Labels:
        if self.without:
            dropped = self.names | METADATA
            return {name: value for name, value in labels.items() if name not in dropped}
        return {name: value for name, value in labels.items() if name in self.names}


@dataclass(frozen=True, slots=True, eq=False)
class Groups:
    """The series of a vector, sorted into groups; `members` holds row numbers, padded by -1."""

    labels: Sequence[Labels]
    members: Times
    vector: Vector

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.labels), self.vector.shape[1]

    def layers(self) -> Iterator[Layer]:
        for rows in self.members.T:
            inside = rows >= 0
            yield self.vector.values[rows], self.vector.present[rows] & inside[:, None]

    def sets(self) -> Iterator[tuple[Floats, Flags]]:
        for rows in self.members:
            kept = rows[rows >= 0]
            yield self.vector.values[kept], self.vector.present[kept]


def groups_of(vector: Vector, grouping: Grouping) -> Groups:
    reduced = [grouping.of(labels) for labels in vector.labels]
    rows = list(grouped_rows(map(label_key, reduced)).values())
    members = np.full((len(rows), max(map(len, rows), default=0)), -1, dtype=np.int64)
    for index, each in enumerate(rows):
        members[index, : len(each)] = each
    return Groups([reduced[each[0]] for each in rows], members, vector)


def aggregate(name: str, groups: Groups) -> Vector:
    if not len(groups.labels):
        return empty(groups.shape[1])
    present = np.stack([flags.any(axis=0) for _, flags in groups.sets()])
    return Vector(groups.labels, REDUCTIONS[name](groups), present)


def aggregate_quantile(groups: Groups, q: Floats, check: Check) -> Vector:
    if not len(groups.labels):
        return empty(groups.shape[1])
    rows, flags = [], []
    for values, present in groups.sets():
        hi = np.cumsum(present.sum(axis=0))
        lo = np.concatenate([[0], hi[:-1]])
        rows.append(quantiles(values.T[present.T], lo, hi, q, check))
        flags.append(present.any(axis=0))
    return Vector(groups.labels, np.stack(rows), np.stack(flags))


def _extreme(pick: np.ufunc) -> Callable[[Groups], Floats]:
    def reduce(groups: Groups) -> Floats:
        return np.stack(
            [
                pick.reduce(np.where(flags, values, np.nan), axis=0)
                for values, flags in groups.sets()
            ]
        )

    return reduce


def _count(groups: Groups) -> Floats:
    return np.stack([flags.sum(axis=0).astype(np.float64) for _, flags in groups.sets()])


REDUCTIONS: dict[str, Callable[[Groups], Floats]] = {
    "avg": lambda groups: exact_mean(groups.layers(), groups.shape),
    "count": _count,
    "group": lambda groups: np.ones(groups.shape),
    "max": _extreme(np.fmax),
    "min": _extreme(np.fmin),
    "stddev": lambda groups: np.sqrt(exact_variance(groups.layers(), groups.shape)),
    "stdvar": lambda groups: exact_variance(groups.layers(), groups.shape),
    "sum": lambda groups: exact_sum(groups.layers(), groups.shape),
}


def count_values(
    vector: Vector, grouping: Grouping, label: str, bound: Callable[[int], None]
) -> Vector:
    """How often each value occurs; the value becomes the label."""
    if not label:
        raise ExecutionError('invalid label name "" in count_values()')
    if not grouping.without:
        grouping = Grouping(grouping.names | {label}, without=False)
    counts: dict[frozenset[tuple[str, str]], tuple[Labels, Floats]] = {}
    for row, labels in enumerate(vector.labels):
        values, present = vector.values[row], vector.present[row]
        for value in {plain(each): each for each in values[present].tolist()}.values():
            same = present & ((values == value) | (np.isnan(value) & np.isnan(values)))
            if value == 0:  # -0 is a value of its own here
                same &= np.signbit(values) == np.signbit(value)
            result = grouping.of({**labels, label: plain(value)})
            _, count = counts.setdefault(label_key(result), (result, np.zeros(values.shape)))
            count += same
            bound(len(counts) * len(count))
    if not counts:
        return empty(vector.shape[1])
    rows = np.stack([count for _, count in counts.values()])
    return merged(Vector([labels for labels, _ in counts.values()], rows, rows > 0))


def plain(value: float) -> str:
    """Shortest digits without an exponent, as Go's FormatFloat(value, 'f', -1, 64)."""
    if not np.isfinite(value):
        return "NaN" if np.isnan(value) else f"{'+' if value > 0 else '-'}Inf"
    digits = format(Decimal(repr(value)), "f")
    return digits.removesuffix(".0")
