"""Short questions to the engine, for tests: series in, plain dictionaries out."""

from promql_memory import MemoryReader, loaded

from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.matching import written
from sightline.viewer.promql.query import Settings
from sightline.viewer.promql.values import Vector

MINUTE = 60_000


def engine(series: str, every: int = MINUTE, **settings: float) -> Engine:
    return Engine(MemoryReader(loaded(series, every)), Settings(**settings))  # type: ignore[arg-type] # each is a setting's name


def at(minute: float, query: str, series: str = "", every: int = MINUTE) -> dict[str, float]:
    """The vector of an instant query, its series written as Prometheus writes them."""
    value = engine(series, every).instant(query, round(minute * MINUTE))
    assert isinstance(value, Vector)
    return dict(zip(map(written, value.labels), value.values[:, 0].tolist(), strict=True))


def number(query: str, series: str = "", minute: float = 0) -> float:
    value = engine(series).instant(query, round(minute * MINUTE))
    assert not isinstance(value, Vector | list | str)
    return float(value[0])


def over(
    start: int, end: int, query: str, series: str, step: float = 1
) -> dict[str, list[float | None]]:
    """A range query between two minutes; None where a series has no value."""
    value = engine(series).range(query, start * MINUTE, end * MINUTE, round(step * MINUTE))
    assert isinstance(value, Vector)
    rows = zip(value.labels, value.values.tolist(), value.present.tolist(), strict=True)
    return {
        written(labels): [x if there else None for x, there in zip(values, present, strict=True)]
        for labels, values, present in rows
    }
