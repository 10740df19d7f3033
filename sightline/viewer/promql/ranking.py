"""Aggregations that pick series and keep them as they are: topk, bottomk, limitk."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from sightline.viewer.promql.aggregation import Groups
from sightline.viewer.promql.errors import ExecutionError
from sightline.viewer.promql.quantiles import Check
from sightline.viewer.promql.samples import Floats
from sightline.viewer.promql.values import Vector

INT64 = 2.0**63


def pick(name: str, groups: Groups, k: Floats, check: Check) -> Vector:
    """At each step the k best of each group; for one step, the best first."""
    vector = groups.vector
    if not (k >= 1).any() and not np.isnan(k).any():
        return Vector(vector.labels, vector.values, np.zeros_like(vector.present)).compact()
    _check(k)
    chosen = np.zeros_like(vector.present)
    order: list[int] = []
    for rows in groups.members:
        for step in range(vector.shape[1]):
            check()
            candidates = [row for row in rows.tolist() if row >= 0 and vector.present[row, step]]
            values = vector.values[candidates, step]
            best = PICKERS[name](values, min(int(k[step]), len(vector.labels)))
            winners = [candidates[index] for index in best]
            chosen[winners, step] = True
            order.extend(winners)
    ranked = list(dict.fromkeys(order))
    return Vector(vector.labels, vector.values, chosen).take(ranked)


def _check(k: Floats) -> None:
    if np.isnan(k).any():
        raise ExecutionError("Parameter value is NaN")
    for value in k[np.abs(k) >= INT64].tolist():
        flow = "overflows" if value > 0 else "underflows"
        raise ExecutionError(f"Scalar value {value} {flow} int64")


def _largest(values: Floats, k: int) -> list[int]:
    return _ranked(values.tolist(), k, lambda one, other: one < other)


def _smallest(values: Floats, k: int) -> list[int]:
    return _ranked(values.tolist(), k, lambda one, other: one > other)


def _first(values: Floats, k: int) -> list[int]:
    return list(range(len(values)))[: max(k, 0)]


PICKERS: dict[str, Callable[[Floats, int], list[int]]] = {
    "bottomk": _smallest,
    "limitk": _first,
    "topk": _largest,
}


@dataclass(slots=True)
class _Heap:
    """Go's container/heap: which of two equal values stays depends on its very moves."""

    values: list[float]
    items: list[int]
    worse: Callable[[float, float], bool]

    def less(self, one: int, other: int) -> bool:
        left, right = self.values[self.items[one]], self.values[self.items[other]]
        return left != left or self.worse(left, right)  # noqa: PLR0124 — NaN is the worst of all

    def swap(self, one: int, other: int) -> None:
        self.items[one], self.items[other] = self.items[other], self.items[one]

    def push(self, item: int) -> None:
        self.items.append(item)
        child = len(self.items) - 1
        while child and self.less(child, (child - 1) // 2):
            self.swap(child, (child - 1) // 2)
            child = (child - 1) // 2

    def sift(self) -> None:
        parent, size = 0, len(self.items)
        while (child := 2 * parent + 1) < size:
            if child + 1 < size and self.less(child + 1, child):
                child += 1
            if not self.less(child, parent):
                return
            self.swap(parent, child)
            parent = child


def _ranked(values: list[float], k: int, worse: Callable[[float, float], bool]) -> list[int]:
    if k < 1:
        return []
    heap = _Heap(values, [], worse)
    for index, value in enumerate(values):
        worst = values[heap.items[0]] if heap.items else value
        if len(heap.items) < k:
            heap.push(index)
        elif worse(worst, value) or (np.isnan(worst) and not np.isnan(value)):
            heap.items[0] = index
            heap.sift()
    return sorted(heap.items, key=lambda item: _place(values[item], worse))


def _place(value: float, worse: Callable[[float, float], bool]) -> tuple[bool, float]:
    return bool(np.isnan(value)), -value if worse(0, 1) else value
