"""What a counter grew by between two moments, exactly: from its raw samples, resets included.

`increase()` of PromQL extrapolates; a ledger must not.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from sightline.proof.stores import Series, Stores

LOOK_BACK_SECONDS = 60  # for the sample before the run

K = TypeVar("K")


@dataclass
class Increase:
    """`since` and `until` are the moments of the samples that were compared."""

    since: float
    until: float
    restarts: list[float] = field(default_factory=list)  # the first sample after each


def raw(stores: Stores, selector: str, started: float, now: float) -> list[Series]:
    seconds = int(now - started) + LOOK_BACK_SECONDS
    found = stores.promql(f"{selector}[{seconds}s]", now)
    return [Series(metric=one["metric"], values=one["values"]) for one in found]  # type: ignore[typeddict-item]


def grown(
    series: Iterable[Series], started: float, key: Callable[[dict[str, str]], K]
) -> tuple[Counter[K], Increase]:
    """By key; a series without a sample before the start began at 0 within it."""
    series = list(series)
    times = [float(at) for one in series for at, _ in one["values"]]
    about = Increase(
        since=max((at for at in times if at <= started), default=min(times, default=started)),
        until=max(times, default=0.0),
    )
    total: Counter[K] = Counter()
    restarts: set[float] = set()
    for one in series:
        amount, resets = _of_one(one["values"], started)
        total[key(one["metric"])] += round(amount)
        restarts.update(resets)
    about.restarts = sorted(restarts)
    return total, about


def _of_one(values: Iterable[tuple[float, str]], started: float) -> tuple[float, list[float]]:
    before, amount, resets = 0.0, 0.0, []
    for at, text in values:
        value = float(text)
        if at <= started:
            before = value
            continue
        if value < before:  # the process began anew, from 0
            resets.append(float(at))
            before = 0.0
        amount += value - before
        before = value
    return amount, resets
