"""The spans of one trace that a query selects: sets, their relations, and filters on them."""

import operator
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sightline.viewer.traceql import syntax as t

_COMPARE: Final[dict[str, Callable[[float, float], bool]]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_REDUCE: Final[dict[str, Callable[[list[int]], float]]] = {
    "count": len,
    "sum": sum,
    "min": min,
    "max": max,
    "avg": lambda durations: sum(durations) / len(durations),
}
Ids = frozenset[str]


@dataclass(frozen=True, slots=True)
class TraceSpan:
    """A span with an answer to each leaf condition, in the order of `leaves`."""

    span_id: str
    parent_id: str
    ts: int
    dur: int
    service: str
    name: str
    status: int
    answers: tuple[bool, ...]
    shown: tuple[Any, ...]


def leaves(query: t.Query) -> list[t.Leaf]:
    own = list(_leaves(query.spansets))
    return own + [stage for stage in query.stages if isinstance(stage, t.Leaf)]


def _leaves(spansets: t.Spansets) -> Iterator[t.Leaf]:
    if isinstance(spansets, t.Leaf):
        yield spansets
    else:
        yield from _leaves(spansets.left)
        yield from _leaves(spansets.right)


class Trace:
    def __init__(self, spans: Collection[TraceSpan], order: Mapping[t.Leaf, int]) -> None:
        self.spans = {span.span_id: span for span in spans}
        self._order = order

    def selected(self, query: t.Query) -> list[TraceSpan]:
        """Oldest first; empty where the trace does not match."""
        found = self._of(query.spansets)
        for stage in query.stages:
            match stage:
                case t.Leaf():
                    found &= self._of(stage)
                case t.Reduced():
                    found = found if self._holds(stage, found) else frozenset()
        return sorted((self.spans[key] for key in found), key=lambda s: (s.ts, s.span_id))

    def _of(self, spansets: t.Spansets) -> Ids:
        if isinstance(spansets, t.Leaf):
            index = self._order[spansets]
            return frozenset(key for key, span in self.spans.items() if span.answers[index])
        left, right = self._of(spansets.left), self._of(spansets.right)
        if isinstance(spansets, t.Related):
            return self._related(spansets.op, left, right)
        either = spansets.op == "||" or (left and right)
        return left | right if either else frozenset()

    def _related(self, op: t.Relation, left: Ids, right: Ids) -> Ids:
        match op:
            case ">":
                return frozenset(key for key in right if self.spans[key].parent_id in left)
            case "<":
                return right & {self.spans[key].parent_id for key in left}
            case ">>":
                return frozenset(k for k in right if not left.isdisjoint(self._ancestors(k)))
            case "<<":
                return right & {above for key in left for above in self._ancestors(key)}
            case "~":
                return frozenset(key for key in right if self._has_sibling(key, left))

    def _ancestors(self, key: str) -> Iterator[str]:
        seen = {key}
        while (key := self.spans[key].parent_id) in self.spans and key not in seen:
            seen.add(key)
            yield key

    def _has_sibling(self, key: str, among: Ids) -> bool:
        parent = self.spans[key].parent_id
        return bool(parent) and any(
            other != key and self.spans[other].parent_id == parent for other in among
        )

    def _holds(self, stage: t.Reduced, found: Ids) -> bool:
        durations = [self.spans[key].dur for key in found]
        return bool(durations) and _COMPARE[stage.op](
            _REDUCE[stage.function](durations), stage.value
        )
