"""Operations between two vectors: which series meets which, and what the result is called."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.viewer.promql.errors import ExecutionError
from sightline.viewer.promql.operators import ARITHMETIC, COMPARISON
from sightline.viewer.promql.samples import Flags, Labels
from sightline.viewer.promql.values import (
    METADATA,
    Vector,
    empty,
    grouped_rows,
    label_key,
    merged,
    without_metadata,
)

Signature = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Matching:
    """`on`/`ignoring` (names); `many` names the side of `group_left`/`group_right`."""

    names: frozenset[str] = frozenset()
    on: bool = False
    many: str = ""
    include: Sequence[str] = ()

    def signature(self, labels: Labels) -> Signature:
        return label_key(self.matched(labels))

    def matched(self, labels: Labels) -> Labels:
        if self.on:
            return {name: value for name, value in labels.items() if name in self.names}
        dropped = self.names | METADATA
        return {name: value for name, value in labels.items() if name not in dropped}

    def result(self, many: Labels, one: Labels, *, keep_name: bool) -> Labels:
        labels = many if keep_name else without_metadata(many)
        if not self.many:
            kept = self.names.__contains__ if self.on else lambda name: name not in self.names
            labels = {name: value for name, value in labels.items() if kept(name)}
        included = {name: one[name] for name in self.include if name in one}
        others = {name: value for name, value in labels.items() if name not in self.include}
        return {**others, **included}


def combine(op: str, left: Vector, right: Vector, matching: Matching, *, as_bool: bool) -> Vector:
    """An arithmetic or comparing operation, one-to-one or many-to-one."""
    swapped = matching.many == "right"
    many, one = (right, left) if swapped else (left, right)
    _refuse_twins(many, one, matching)
    pairs = _pairs(many, one, matching)
    if not pairs:
        return empty(left.shape[1])
    rows, others = np.array(pairs).T
    present = many.present[rows] & one.present[others]
    labels = [
        matching.result(many.labels[m], one.labels[o], keep_name=op in COMPARISON and not as_bool)
        for m, o in pairs
    ]
    _refuse_ambiguity(
        [matching.signature(many.labels[m]) for m, _ in pairs], labels, present, matching
    )
    first, second = many.values[rows], one.values[others]
    lhs, rhs = (second, first) if swapped else (first, second)
    if op in ARITHMETIC:
        return merged(Vector(labels, ARITHMETIC[op](lhs, rhs), present).compact())
    holds = COMPARISON[op](lhs, rhs)
    if as_bool:
        return merged(Vector(labels, holds.astype(np.float64), present).compact())
    return merged(Vector(labels, lhs, present & holds).compact())


def _pairs(many: Vector, one: Vector, matching: Matching) -> list[tuple[int, int]]:
    partners = grouped_rows(map(matching.signature, one.labels))
    return [
        (row, partner)
        for row, labels in enumerate(many.labels)
        for partner in partners.get(matching.signature(labels), ())
    ]


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
    signatures: Sequence[Signature], labels: Sequence[Labels], present: Flags, matching: Matching
) -> None:
    keys: Sequence[object] = signatures
    remedy = "many-to-one matching must be explicit (group_left/group_right)"
    if matching.many:
        keys = [(sig, label_key(each)) for sig, each in zip(signatures, labels, strict=True)]
        remedy = "grouping labels must ensure unique matches"
    for rows in grouped_rows(keys).values():
        if len(rows) > 1 and (present[rows].sum(axis=0) > 1).any():
            raise ExecutionError(f"multiple matches for labels: {remedy}")


def both(left: Vector, right: Vector, matching: Matching) -> Vector:
    return _filtered(left, _anywhere(left, right, matching))


def without(left: Vector, right: Vector, matching: Matching) -> Vector:
    return _filtered(left, ~_anywhere(left, right, matching))


def either(left: Vector, right: Vector, matching: Matching) -> Vector:
    added = _filtered(right, ~_anywhere(right, left, matching))
    return merged(
        Vector(
            [*left.labels, *added.labels],
            np.concatenate([left.values, added.values]),
            np.concatenate([left.present, added.present]),
        )
    )


def _filtered(vector: Vector, keep: Flags) -> Vector:
    return Vector(vector.labels, vector.values, vector.present & keep).compact()


def _anywhere(vector: Vector, other: Vector, matching: Matching) -> Flags:
    """Per series and step of `vector`: has `other` a series of its match group there?"""
    groups = grouped_rows(map(matching.signature, other.labels))
    found = np.zeros(vector.present.shape, dtype=bool)
    for row, labels in enumerate(vector.labels):
        partners = groups.get(matching.signature(labels))
        if partners:
            found[row] = other.present[partners].any(axis=0)
    return found


def written(labels: Labels) -> str:
    pairs = ", ".join(
        f'{name}="{value}"' for name, value in sorted(labels.items()) if name != "__name__"
    )
    return f"{labels.get('__name__', '')}{{{pairs}}}"
