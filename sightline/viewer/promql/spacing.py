"""How far apart samples stand: what the window of a rate must know, or it holds too few of them."""

from collections.abc import Iterable, Sequence

import numpy as np

from sightline.viewer.promql.query import Query
from sightline.viewer.promql.samples import Matcher, Series

_STRETCH_MS = 900_000  # the end of a range tells; all of it where nothing is there any more
_ENOUGH = 3
MOST_SECONDS = 300.0  # farther apart than a selector looks back, samples are no course of things


def spacing(
    query: Query, selections: Iterable[Sequence[Matcher]], start_ms: int, end_ms: int
) -> float:
    """Seconds: the most that is usual for one of the series, 0 where none has two samples."""
    # Two samples may be the ends of two short runs: they tell where nothing else does.
    usual = of_two = 0.0
    for matchers in dict.fromkeys(map(tuple, selections)):
        for each in _selected(query, matchers, start_ms, end_ms):
            query.check()
            if len(each.ts) >= _ENOUGH:
                usual = max(usual, _gap(each))
            elif len(each.ts) > 1:
                of_two = max(of_two, _gap(each))
    return min(usual or of_two, MOST_SECONDS)


def _gap(series: Series) -> float:
    return float(np.median(np.diff(series.ts))) / 1000


def _selected(
    query: Query, matchers: Sequence[Matcher], start_ms: int, end_ms: int
) -> list[Series]:
    """Not held: of each selection no more is wanted than how far apart its samples stand."""
    late = max(start_ms, end_ms - _STRETCH_MS)
    return query.read(matchers, late, end_ms) or query.read(matchers, start_ms, end_ms)
