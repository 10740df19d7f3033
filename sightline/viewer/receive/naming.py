"""Prometheus' names for OTLP's, as Prometheus' own OTLP receiver gives them by default."""

import re
from functools import lru_cache
from typing import Any, Literal

import numpy as np
import orjson

Kind = Literal["counter", "gauge", "histogram", "summary", "updown"]

_UNITS = {
    "d": "days",
    "h": "hours",
    "min": "minutes",
    "s": "seconds",
    "ms": "milliseconds",
    "us": "microseconds",
    "ns": "nanoseconds",
    "By": "bytes",
    "KiBy": "kibibytes",
    "MiBy": "mebibytes",
    "GiBy": "gibibytes",
    "TiBy": "tebibytes",
    "KBy": "kilobytes",
    "MBy": "megabytes",
    "GBy": "gigabytes",
    "TBy": "terabytes",
    "m": "meters",
    "V": "volts",
    "A": "amperes",
    "J": "joules",
    "W": "watts",
    "g": "grams",
    "Cel": "celsius",
    "Hz": "hertz",
    "1": "",
    "%": "percent",
}
_PER_UNITS = {
    "s": "second",
    "m": "minute",
    "h": "hour",
    "d": "day",
    "w": "week",
    "mo": "month",
    "y": "year",
}
_WORDS = re.compile(r"[A-Za-z0-9:]+")
_FOREIGN = re.compile(r"[^A-Za-z0-9:]")
_FOREIGN_IN_LABEL = re.compile(r"[^A-Za-z0-9_]")
_UNDERSCORES = re.compile(r"__+")
_REMEMBERED = 16_384


@lru_cache(_REMEMBERED)
def metric_name(name: str, unit: str, kind: Kind) -> str:
    """Words joined by `_`, then the unit, then `_total` of a counter; "" if no word is left."""
    words = _WORDS.findall(name)
    words += _unit_words(unit, words)
    if kind == "counter":
        words = [word for word in words if word != "total"] + ["total"]
    if kind == "gauge" and unit == "1":
        words = [word for word in words if word != "ratio"] + ["ratio"]
    joined = "_".join(words)
    return f"_{joined}" if joined[:1].isdigit() else joined


@lru_cache(_REMEMBERED)
def unit_name(unit: str) -> str:
    """As metadata has it: `seconds`, `bytes_per_second`."""
    return "_".join(_unit_words(unit, []))


@lru_cache(_REMEMBERED)
def label_name(name: str) -> str:
    if name.startswith("__") and name.endswith("__"):
        return name
    cleaned = _UNDERSCORES.sub("_", _FOREIGN_IN_LABEL.sub("_", name))
    if cleaned[:1].isdigit():
        return f"key_{cleaned}"
    return f"key{cleaned}" if cleaned.startswith("_") else cleaned


def label_value(value: Any) -> str:
    match value:
        case str():
            return value
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return number(value)
    return orjson.dumps(value).decode()


def number(value: float) -> str:
    """As a label has it: the shortest digits that say it, never an exponent."""
    if value in {float("inf"), float("-inf")}:
        return "+Inf" if value > 0 else "-Inf"
    return np.format_float_positional(value, trim="-")


def _unit_words(unit: str, taken: list[str]) -> list[str]:
    first, _, second = unit.partition("/")
    main, per = _known(first, _UNITS), _known(second, _PER_UNITS)
    main = main.rstrip("_") if per else main
    per = f"per_{per}".rstrip("_") if per else ""
    return [word for word in (main, per) if word and word not in taken]


def _known(unit: str, names: dict[str, str]) -> str:
    unit = unit.strip()
    # {requests} and the like are notes, not units.
    if not unit or "{" in unit or "}" in unit:
        return ""
    return _UNDERSCORES.sub("_", _FOREIGN.sub("_", names.get(unit, unit))).removeprefix("_")
