"""Answers in the JSON of Loki: streams, matrix, vector and scalar."""

from collections.abc import Iterable
from typing import Any

import numpy as np

from sightline.viewer.logql.samples import Series, Steps
from sightline.viewer.logql.streams import Line

_SECOND = 1_000_000_000
_MILLISECOND = 1_000_000


def success(kind: str, result: list[Any], **more: Any) -> dict[str, Any]:
    data = {"resultType": kind, **more, "result": result, "stats": {}}
    return {"status": "success", "data": data}


def streams(lines: Iterable[Line], *, categorized: bool = False) -> list[Any]:
    """Each distinct combination of labels is a stream; categorized, of stream labels alone."""
    found: dict[tuple[tuple[str, str], ...], dict[str, Any]] = {}
    for line in lines:
        labels = line.labels.stream if categorized else line.labels.all
        stream = found.setdefault(tuple(sorted(labels.items())), {"stream": labels, "values": []})
        value: list[Any] = [str(line.ts), line.text]
        stream["values"].append([*value, _categories(line)] if categorized else value)
    return list(found.values())


def _categories(line: Line) -> dict[str, Any]:
    parts = {"structuredMetadata": line.labels.metadata, "parsed": line.labels.parsed}
    return {name: labels for name, labels in parts.items() if labels}


def matrix(found: Series | float, steps: Steps) -> list[Any]:
    if isinstance(found, float):
        found = {(): np.full(steps.count, found)}
    times = [_seconds(moment) for moment in steps.moments.tolist()]
    answer = []
    for key, values in sorted(found.items()):
        pairs = zip(times, values.tolist(), strict=True)
        points = [[time, number_text(value)] for time, value in pairs if value == value]  # noqa: PLR0124 — NaN is a missing sample
        if points:
            answer.append({"metric": dict(key), "values": points})
    return answer


def vector(found: Series, steps: Steps) -> list[Any]:
    """Largest first, which is what topk is asked for; equal ones by their labels."""
    time = _seconds(steps.start)
    present = [(key, values[0]) for key, values in sorted(found.items()) if not np.isnan(values[0])]
    present.sort(key=lambda pair: -pair[1])
    return [{"metric": dict(k), "value": [time, number_text(float(v))]} for k, v in present]


def scalar(found: float, steps: Steps) -> list[Any]:
    return [_seconds(steps.start), number_text(found)]


def number_text(value: float) -> str:
    """As Go writes it: never with an exponent."""
    if np.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return np.format_float_positional(value, trim="-")


def _seconds(moment: int) -> float | int:
    whole, rest = divmod(moment, _SECOND)
    return whole + rest // _MILLISECOND / 1000 if rest // _MILLISECOND else whole
