"""Functions that turn each value into another: mathematics, rounding, calendar."""

from collections.abc import Callable

import numpy as np

from sightline.viewer.promql.samples import Floats
from sightline.viewer.promql.values import Vector

Elementwise = Callable[[Floats], Floats]


def sign(values: Floats) -> Floats:
    return np.where(values > 0, 1.0, np.where(values < 0, -1.0, values))


def rounded(vector: Vector, nearest: Floats | float = 1.0) -> Vector:
    """Halves go up, and the step is inverted first: as Prometheus, to the last bit."""
    inverse = 1.0 / nearest
    return vector.nameless(np.floor(vector.values * inverse + 0.5) / inverse)


def clamped(vector: Vector, low: Floats, high: Floats) -> Vector:
    values = np.maximum(low, np.minimum(high, vector.values))
    return vector.nameless(values, vector.present & ~(high < low))


def _seconds(values: Floats) -> "np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]":
    usable = np.isfinite(values) & (np.abs(values) < 2**62)
    whole = np.trunc(np.where(usable, values, 0)).astype(np.int64)
    # Go turns NaN and what does not fit into the smallest whole number there is.
    return np.where(usable, whole, np.int64(-(2**53))).astype("datetime64[s]")


def _since(values: Floats, unit: str, whole: str) -> Floats:
    times = _seconds(values)
    parts = times.astype(f"datetime64[{unit}]") - times.astype(f"datetime64[{whole}]")
    figures: Floats = parts.astype(np.int64).astype(np.float64)
    return figures


def minute(values: Floats) -> Floats:
    return _since(values, "m", "h")


def hour(values: Floats) -> Floats:
    return _since(values, "h", "D")


def day_of_week(values: Floats) -> Floats:
    days = _seconds(values).astype("datetime64[D]").astype(np.int64)
    return ((days + 4) % 7).astype(np.float64)  # 1970-01-01 was a Thursday


def day_of_month(values: Floats) -> Floats:
    return _since(values, "D", "M") + 1


def day_of_year(values: Floats) -> Floats:
    return _since(values, "D", "Y") + 1


def days_in_month(values: Floats) -> Floats:
    months = _seconds(values).astype("datetime64[M]")
    days = (months + 1).astype("datetime64[D]") - months.astype("datetime64[D]")
    figures: Floats = days.astype(np.int64).astype(np.float64)
    return figures


def month(values: Floats) -> Floats:
    return _since(values, "M", "Y") + 1


def year(values: Floats) -> Floats:
    figures: Floats = _seconds(values).astype("datetime64[Y]").astype(np.float64) + 1970
    return figures


CALENDAR: dict[str, Elementwise] = {
    "day_of_month": day_of_month,
    "day_of_week": day_of_week,
    "day_of_year": day_of_year,
    "days_in_month": days_in_month,
    "hour": hour,
    "minute": minute,
    "month": month,
    "year": year,
}

ELEMENTWISE: dict[str, Elementwise] = {
    "abs": np.abs,
    "acos": np.arccos,
    "acosh": np.arccosh,
    "asin": np.arcsin,
    "asinh": np.arcsinh,
    "atan": np.arctan,
    "atanh": np.arctanh,
    "ceil": np.ceil,
    "cos": np.cos,
    "cosh": np.cosh,
    "deg": lambda values: values * (180 / np.pi),
    "exp": np.exp,
    "floor": np.floor,
    "ln": np.log,
    "log10": np.log10,
    "log2": np.log2,
    "rad": lambda values: values * (np.pi / 180),
    "sgn": sign,
    "sin": np.sin,
    "sinh": np.sinh,
    "sqrt": np.sqrt,
    "tan": np.tan,
    "tanh": np.tanh,
}
