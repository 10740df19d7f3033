"""The set operators: and, or, unless."""

import numpy as np

from sightline.viewer.promql.matching import Matching, met
from sightline.viewer.promql.samples import Flags
from sightline.viewer.promql.values import Vector, merged


def both(left: Vector, right: Vector, matching: Matching) -> Vector:
    return _filtered(left, met(left, right, matching))


def without(left: Vector, right: Vector, matching: Matching) -> Vector:
    return _filtered(left, ~met(left, right, matching))


def either(left: Vector, right: Vector, matching: Matching) -> Vector:
    added = _filtered(right, ~met(right, left, matching))
    return merged(
        Vector(
            [*left.labels, *added.labels],
            np.concatenate([left.values, added.values]),
            np.concatenate([left.present, added.present]),
        )
    )


def _filtered(vector: Vector, keep: Flags) -> Vector:
    return Vector(vector.labels, vector.values, vector.present & keep).compact()
