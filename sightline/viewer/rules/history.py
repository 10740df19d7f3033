"""What rules recorded, kept in memory: windows of days are cheap to look at every few seconds."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from sightline.viewer.promql.samples import Matcher, Selecting, Series
from sightline.viewer.promql.values import NAME, label_key


@dataclass(slots=True)
class _Past:
    """All samples of a selector from one time to another, both included."""

    start_ms: int
    end_ms: int
    series: dict[object, Series]


class History:
    """A reader that asks for the past of recorded series once, and then for what is new.

    Exact, because only the evaluator writes them, and nothing that is older than `settled_ms`.
    """

    def __init__(self, samples: Selecting, recorded: set[str], settled_ms: int) -> None:
        self._samples = samples
        self._recorded = recorded
        self._settled_ms = settled_ms
        self._pasts: dict[tuple[Matcher, ...], _Past] = {}

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        names = [each for each in matchers if each.name == NAME]
        if not names or any(n.op != "=" or n.value not in self._recorded for n in names):
            return self._samples.select(matchers, start_ms, end_ms)
        past = self._past(matchers, start_ms, end_ms - self._settled_ms)
        fresh = self._samples.select(matchers, max(start_ms, past.end_ms + 1), end_ms)
        found = _joined(past.series, fresh)
        cut = [_between(each, start_ms, end_ms) for each in found.values()]
        return [each for each in cut if len(each.ts)]

    def _past(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> _Past:
        key = tuple(matchers)
        past = self._pasts.get(key)
        if past is None or start_ms < past.start_ms:
            read = self._samples.select(matchers, start_ms, end_ms)
            past = _Past(start_ms, end_ms, {label_key(each.labels): each for each in read})
        elif end_ms > past.end_ms:
            fresh = self._samples.select(matchers, past.end_ms + 1, end_ms)
            past = _Past(past.start_ms, end_ms, _joined(past.series, fresh))
        self._pasts[key] = past
        return past


def _joined(older: dict[object, Series], fresh: Sequence[Series]) -> dict[object, Series]:
    found = dict(older)
    for each in fresh:
        key = label_key(each.labels)
        known = found.get(key)
        found[key] = each if known is None else _longer(known, each)
    return found


def _longer(one: Series, other: Series) -> Series:
    return replace(
        one,
        ts=np.concatenate([one.ts, other.ts]),
        values=np.concatenate([one.values, other.values]),
        stale=np.concatenate([one.stale, other.stale]),
    )


def _between(series: Series, start_ms: int, end_ms: int) -> Series:
    low, high = np.searchsorted(series.ts, [start_ms, end_ms + 1])
    part = slice(int(low), int(high))
    return replace(series, ts=series.ts[part], values=series.values[part], stale=series.stale[part])
