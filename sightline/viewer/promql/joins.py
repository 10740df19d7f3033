"""Arithmetic and comparison between two vectors, one-to-one or many-to-one."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np

from sightline.viewer.promql.errors import ExecutionError
from sightline.viewer.promql.matching import Matching, met, written
from sightline.viewer.promql.operators import ARITHMETIC, COMPARISON
from sightline.viewer.promql.samples import Flags, Floats, Labels
from sightline.viewer.promql.values import Vector, empty, grouped_rows, label_key, merged


@dataclass(frozen=True, slots=True, eq=False)
class Pair:
    """Two series that meet, or one and the value that fills the other's place."""

    many_labels: Labels
    one_labels: Labels
    many: Floats
    one: Floats
    present: Flags


def combine(
    op: str,
    left: Vector,
    right: Vector,
    matching: Matching,
    bound: Callable[[int], None],
    *,
    as_bool: bool,
) -> Vector:
    swapped = matching.many == "right"
    many, one = (right, left) if swapped else (left, right)
    _refuse_twins(many, one, matching)
    pairs: list[Pair] = []
    for pair in chain(_pairs(many, one, matching), _filled(many, one, matching)):
        bound(len(pairs) * left.shape[1])
        if pair.present.any():
            pairs.append(pair)
    if not pairs:
        return empty(left.shape[1])
    keep_name = op in COMPARISON and not as_bool
    labels = [matching.result(p.many_labels, p.one_labels, keep_name=keep_name) for p in pairs]
    present = np.stack([pair.present for pair in pairs])
    _refuse_ambiguity(pairs, labels, present, matching)
    first, second = np.stack([p.many for p in pairs]), np.stack([p.one for p in pairs])
    values, kept = _computed(
        op, *((second, first) if swapped else (first, second)), as_bool=as_bool
    )
    return merged(Vector(labels, values, present & kept).compact())


def _computed(op: str, left: Floats, right: Floats, *, as_bool: bool) -> tuple[Floats, Flags]:
    every = np.ones(left.shape, dtype=bool)
    if op in ARITHMETIC:
        return ARITHMETIC[op](left, right), every
    holds = COMPARISON[op](left, right)
    return (holds.astype(np.float64), every) if as_bool else (left, holds)


def _pairs(many: Vector, one: Vector, matching: Matching) -> Iterator[Pair]:
    partners = grouped_rows(map(matching.signature, one.labels))
    for row, labels in enumerate(many.labels):
        for partner in partners.get(matching.signature(labels), ()):
            yield Pair(
                labels,
                one.labels[partner],
                many.values[row],
                one.values[partner],
                many.present[row] & one.present[partner],
            )


def _filled(many: Vector, one: Vector, matching: Matching) -> Iterator[Pair]:
    fills = (matching.fill_left, matching.fill_right)
    for_many, for_one = reversed(fills) if matching.many == "right" else fills
    if for_one is not None:
        for row, alone in enumerate(many.present & ~met(many, one, matching)):
            labels, stand_in = many.labels[row], np.full(alone.shape, for_one)
            yield Pair(labels, matching.matched(labels), many.values[row], stand_in, alone)
    if for_many is not None:
        for row, alone in enumerate(one.present & ~met(one, many, matching)):
            labels, stand_in = one.labels[row], np.full(alone.shape, for_many)
            yield Pair(matching.matched(labels), labels, stand_in, one.values[row], alone)


def _refuse_twins(many: Vector, one: Vector, matching: Matching) -> None:
    """The "one" side must have one series per match group at a step where both sides have any."""
    asked = many.present.any(axis=0)
    for rows in grouped_rows(map(matching.signature, one.labels)).values():
        crowded = (one.present[rows].sum(axis=0) > 1) & asked
        if not crowded.any():
            continue
        twins = [one.labels[row] for row in rows if one.present[row, np.argmax(crowded)]][:2]
        side = "left" if matching.many == "right" else "right"
        group = written(matching.matched(twins[0]))
        names = ", ".join(sorted(map(written, twins)))
        raise ExecutionError(
            f"found duplicate series for the match group {group} on the {side} hand-side of the "
            f"operation: [{names}];many-to-many matching not allowed: "
            "matching labels must be unique on one side"
        )


def _refuse_ambiguity(
    pairs: Sequence[Pair], labels: Sequence[Labels], present: Flags, matching: Matching
) -> None:
    keys: list[object] = [matching.signature(pair.many_labels) for pair in pairs]
    remedy = "many-to-one matching must be explicit (group_left/group_right)"
    if matching.many:
        keys = [(key, label_key(each)) for key, each in zip(keys, labels, strict=True)]
        remedy = "grouping labels must ensure unique matches"
    for rows in grouped_rows(keys).values():
        if len(rows) > 1 and (present[rows].sum(axis=0) > 1).any():
            raise ExecutionError(f"multiple matches for labels: {remedy}")
