"""What an expression evaluates to: a grid of steps, and vectors and scalars over it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.viewer.promql.errors import ExecutionError
from sightline.viewer.promql.samples import Flags, Floats, Labels, Times

NAME = "__name__"
METADATA = frozenset({NAME, "__type__", "__unit__"})


@dataclass(frozen=True, slots=True)
class Grid:
    """The instants, in milliseconds, at which an expression is evaluated."""

    start: int
    end: int
    step: int

    @property
    def size(self) -> int:
        return max(0, (self.end - self.start) // self.step + 1)

    @property
    def times(self) -> Times:
        return np.arange(self.size, dtype=np.int64) * self.step + self.start


@dataclass(frozen=True, slots=True, eq=False)
class Vector:
    """One row per series, one column per step; `present` tells absent from NaN."""

    labels: Sequence[Labels]
    values: Floats
    present: Flags

    @property
    def shape(self) -> tuple[int, int]:
        rows, columns = self.values.shape
        return rows, columns

    def take(self, rows: Sequence[int]) -> "Vector":
        picked = list(rows)
        return Vector(
            [self.labels[row] for row in picked], self.values[picked], self.present[picked]
        )

    def with_labels(self, labels: Sequence[Labels]) -> "Vector":
        return merged(Vector(labels, self.values, self.present))

    def nameless(self, values: Floats, present: Flags | None = None) -> "Vector":
        """The same series with new values, no longer the metric it was."""
        labels = [without_metadata(each) for each in self.labels]
        return merged(Vector(labels, values, self.present if present is None else present))

    def compact(self) -> "Vector":
        alive = self.present.any(axis=1)
        return self if alive.all() else self.take(np.flatnonzero(alive).tolist())


Scalar = Floats
Value = Vector | Scalar | str


def empty(columns: int) -> Vector:
    return Vector([], np.empty((0, columns)), np.zeros((0, columns), dtype=bool))


def single(values: Floats, labels: Labels | None = None, present: Flags | None = None) -> Vector:
    flags = np.ones(values.shape, dtype=bool) if present is None else present
    return Vector([labels or {}], values[None, :], flags[None, :])


def without_metadata(labels: Labels) -> Labels:
    return {name: value for name, value in labels.items() if name not in METADATA}


def label_key(labels: Labels) -> frozenset[tuple[str, str]]:
    return frozenset(labels.items())


def sort_key(labels: Labels) -> list[tuple[str, str]]:
    return sorted(labels.items())


def grouped_rows(keys: Iterable[object]) -> dict[object, list[int]]:
    rows: dict[object, list[int]] = {}
    for row, key in enumerate(keys):
        rows.setdefault(key, []).append(row)
    return rows


def merged(vector: Vector) -> Vector:
    """Series that became the same are one, unless two of them have a value at one step."""
    groups = grouped_rows(map(label_key, vector.labels))
    if len(groups) == len(vector.labels):
        return vector
    values, present = vector.values.copy(), vector.present.copy()
    for first, *others in groups.values():
        for row in others:
            if (present[first] & present[row]).any():
                raise ExecutionError("vector cannot contain metrics with the same labelset")
            values[first] = np.where(present[row], values[row], values[first])
            present[first] |= present[row]
    return Vector(vector.labels, values, present).take([rows[0] for rows in groups.values()])
