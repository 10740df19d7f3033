"""What evaluating one rule at one instant has in common: an expression in, samples out."""

from collections.abc import Callable
from typing import NamedTuple

from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.errors import ExecutionError
from sightline.viewer.promql.samples import Labels
from sightline.viewer.promql.values import NAME, Vector, label_key


class Sample(NamedTuple):
    """`labels` holds `__name__`."""

    labels: Labels
    value: float


Ask = Callable[[str], list[Sample]]


def asking(engine: Engine, at_ms: int) -> Ask:
    """Instant queries at that time; a scalar is a sample without labels, as Prometheus has it."""

    def ask(text: str) -> list[Sample]:
        found = engine.instant(text, at_ms)
        if isinstance(found, Vector):
            rows = zip(found.labels, found.values[:, 0].tolist(), strict=True)
            return [Sample(labels, value) for labels, value in rows]
        if isinstance(found, str | list):
            raise ExecutionError("rule result is not a vector or scalar")
        return [Sample({}, float(found[0]))]

    return ask


def labelled(labels: Labels, more: Labels, *, name: str = "") -> Labels:
    """With further labels, under another name or none; an empty value takes a label away."""
    kept = {key: value for key, value in {**labels, **more}.items() if value and key != NAME}
    return {NAME: name, **kept} if name else kept


def require_distinct(samples: list[Sample], what: str) -> None:
    if len({label_key(sample.labels) for sample in samples}) < len(samples):
        raise ExecutionError(
            f"vector contains metrics with the same labelset after applying {what} labels"
        )


def require_within(limit: int, count: int, what: str) -> None:
    if 0 < limit < count:
        raise ExecutionError(f"exceeded limit of {limit} with {count} {what}")
