"""Which series of two vectors belong together: `on`, `ignoring`, and their match groups."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from sightline.viewer.promql.samples import Flags, Labels
from sightline.viewer.promql.values import (
    METADATA,
    NAME,
    Vector,
    grouped_rows,
    label_key,
    without_metadata,
)

Signature = frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Matching:
    """`many` names the side of `group_left`/`group_right`; fills stand in for a missing partner."""

    names: frozenset[str] = frozenset()
    on: bool = False
    many: str = ""
    include: Sequence[str] = ()
    fill_left: float | None = None
    fill_right: float | None = None

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
            labels = {k: v for k, v in labels.items() if (k in self.names) == self.on}
        included = {name: one[name] for name in self.include if name in one}
        others = {name: value for name, value in labels.items() if name not in self.include}
        return {**others, **included}


def met(vector: Vector, other: Vector, matching: Matching) -> Flags:
    """Per series and step of `vector`: has `other` a series of its match group there?"""
    groups = grouped_rows(map(matching.signature, other.labels))
    found = np.zeros(vector.present.shape, dtype=bool)
    for row, labels in enumerate(vector.labels):
        partners = groups.get(matching.signature(labels))
        if partners:
            found[row] = other.present[partners].any(axis=0)
    return found


def written(labels: Labels) -> str:
    pairs = [f'{name}="{value}"' for name, value in sorted(labels.items()) if name != NAME]
    return f"{labels.get(NAME, '')}{{{', '.join(pairs)}}}"
