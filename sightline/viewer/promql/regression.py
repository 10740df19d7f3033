"""Trends in a window: least squares and double exponential smoothing."""

import numpy as np

from sightline.viewer.promql.errors import ExecutionError
from sightline.viewer.promql.rate import Result
from sightline.viewer.promql.samples import Floats, Times
from sightline.viewer.promql.sums import kahan_add
from sightline.viewer.promql.windows import Windows

TWO = 2  # a line needs two samples


def deriv(windows: Windows) -> Result:
    # A time near the samples keeps the products small, hence exact.
    slope, _ = _line(windows, windows.ts[windows.first])
    return slope, windows.count >= TWO


def predict_linear(windows: Windows, seconds: Floats) -> Result:
    slope, intercept = _line(windows, np.broadcast_to(windows.steps, windows.shape))
    return slope * seconds + intercept, windows.count >= TWO


def _line(windows: Windows, origin: Times) -> tuple[Floats, Floats]:
    """Slope, and the line's value at `origin`."""
    names = ("x", "y", "xy", "xx")
    sums = {name: np.zeros(windows.shape) for name in names}
    lost = {name: np.zeros(windows.shape) for name in names}
    first = windows.values[windows.first]
    constant = np.ones(windows.shape, dtype=bool)
    for values, ts, present in windows.timed_layers():
        x, y = np.where(present, (ts - origin) / 1000, 0.0), np.where(present, values, 0.0)
        constant &= ~present | (values == first)
        for name, term in zip(names, (x, y, x * y, x * x), strict=True):
            sums[name], lost[name] = kahan_add(term, sums[name], lost[name])
    x, y, xy, xx = (sums[name] + lost[name] for name in names)
    n = windows.count
    slope = (xy - x * y / n) / (xx - x * x / n)
    intercept = y / n - slope * x / n
    flat = np.where(np.isinf(first), np.nan, first)
    slope = np.where(constant, np.where(np.isinf(first), np.nan, 0.0), slope)
    return slope, np.where(constant, flat, intercept)


def double_exponential_smoothing(windows: Windows, smoothing: Floats, trend: Floats) -> Result:
    _factor("smoothing", smoothing)
    _factor("trend", trend)
    before, level, slope = (np.zeros(windows.shape) for _ in range(3))
    for index, (values, _) in enumerate(windows.layers()):
        present = index < windows.count
        if index == 0:
            level = values
            continue
        rise = trend * (level - before) + (1 - trend) * slope
        slope = np.where(present, values - level if index == 1 else rise, slope)
        fresh = smoothing * values + (1 - smoothing) * (level + slope)
        before, level = np.where(present, level, before), np.where(present, fresh, level)
    return level, windows.count >= TWO


def _factor(name: str, values: Floats) -> None:
    for value in values[(values <= 0) | (values >= 1)].tolist():
        raise ExecutionError(f"invalid {name} factor. Expected: 0 < {name[0]}f < 1, got: {value:f}")
