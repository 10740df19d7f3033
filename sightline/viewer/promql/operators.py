"""Arithmetic and comparison between numbers, and between a vector and a number."""

from collections.abc import Callable

import numpy as np

from sightline.viewer.promql.samples import Flags, Floats
from sightline.viewer.promql.values import Scalar, Vector

ARITHMETIC: dict[str, Callable[[Floats, Floats], Floats]] = {
    "+": np.add,
    "-": np.subtract,
    "*": np.multiply,
    "/": np.divide,
    "%": np.fmod,
    "^": np.power,
    "atan2": np.arctan2,
}
COMPARISON: dict[str, Callable[[Floats, Floats], Flags]] = {
    "==": np.equal,
    "!=": np.not_equal,
    ">": np.greater,
    "<": np.less,
    ">=": np.greater_equal,
    "<=": np.less_equal,
}
SETS = ("and", "or", "unless")


def between_scalars(op: str, left: Scalar, right: Scalar) -> Scalar:
    if op in ARITHMETIC:
        return ARITHMETIC[op](left, right)
    return COMPARISON[op](left, right).astype(np.float64)


def with_scalar(op: str, vector: Vector, scalar: Scalar, *, swapped: bool, as_bool: bool) -> Vector:
    left, right = (scalar, vector.values) if swapped else (vector.values, scalar)
    if op in ARITHMETIC:
        return vector.nameless(ARITHMETIC[op](left, right))
    holds = COMPARISON[op](left, right)
    if as_bool:
        return vector.nameless(holds.astype(np.float64))
    return Vector(vector.labels, vector.values, vector.present & holds).compact()
