"""PromQL results as the JSON of Prometheus' HTTP API."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

from sightline.viewer.promql.samples import Exemplar, Floats, Labels, Series, Times
from sightline.viewer.promql.values import Value, Vector

Json = dict[str, Any]


def instant(value: Value | list[Series], time_ms: int) -> Json:
    when = seconds(time_ms)
    if isinstance(value, list):
        return {"resultType": "matrix", "result": [_series(each) for each in value]}
    if isinstance(value, str):
        return {"resultType": "string", "result": [when, value]}
    if isinstance(value, Vector):
        rows = zip(value.labels, value.values[:, 0].tolist(), strict=True)
        found = [{"metric": labels, "value": [when, number(each)]} for labels, each in rows]
        return {"resultType": "vector", "result": found}
    return {"resultType": "scalar", "result": [when, number(float(value[0]))]}


def matrix(value: Vector | Floats, times: Times) -> Json:
    if not isinstance(value, Vector):
        return {"resultType": "matrix", "result": [{"metric": {}, "values": _points(times, value)}]}
    found = [
        {"metric": labels, "values": _points(times[present], values[present])}
        for labels, values, present in zip(value.labels, value.values, value.present, strict=True)
    ]
    return {"resultType": "matrix", "result": found}


def _series(series: Series) -> Json:
    return {"metric": series.labels, "values": _points(series.ts, series.values)}


def _points(times: Times, values: Floats) -> list[list[float | str]]:
    whole = not (times % 1000).any()
    stamps: list[float] = (times // 1000 if whole else times / 1000).tolist()
    return [[when, number(each)] for when, each in zip(stamps, values.tolist(), strict=True)]


def seconds(time_ms: int) -> float:
    return time_ms // 1000 if time_ms % 1000 == 0 else time_ms / 1000


def number(value: float) -> str:
    """Shortest digits; an exponent below 1e-6 and from 1e21 on, as JavaScript writes numbers."""
    text = repr(value)
    if "e" not in text:
        if text in {"nan", "inf", "-inf"}:
            return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[text]
        return text.removesuffix(".0")
    size = abs(value)
    if size < 1e-6 or size >= 1e21:  # noqa: PLR2004 — JavaScript's own bounds
        return text
    return format(Decimal(text), "f")


def exemplars(found: Sequence[tuple[Labels, Sequence[Exemplar]]]) -> list[Json]:
    return [{"seriesLabels": labels, "exemplars": [_one(e) for e in own]} for labels, own in found]


def _one(exemplar: Exemplar) -> Json:
    return {
        "labels": exemplar.labels,
        "value": number(exemplar.value),
        "timestamp": seconds(exemplar.ts_ms),
    }


def metadata(found: Mapping[str, Sequence[Any]], per_metric: int | None) -> Json:
    return {name: [each._asdict() for each in own[:per_metric]] for name, own in found.items()}


def truncated(data: list[Any], limit: int | None) -> tuple[list[Any], list[str]]:
    if limit is None or len(data) <= limit:
        return data, []
    return data[:limit], ["results truncated due to limit"]
