"""How far apart samples stand: what the window of a rate must know, or it holds too few of them."""

from collections.abc import Iterable, Sequence

import numpy as np

from sightline.viewer.promql.samples import Matcher, Selecting, Series

_STRETCH_MS = 900_000  # the end of a range tells; all of it where nothing is there any more
_ENOUGH = 3
MOST_SECONDS = 300.0  # farther apart than a selector looks back, samples are no course of things


def spacing(
    samples: Selecting, selections: Iterable[Sequence[Matcher]], start_ms: int, end_ms: int
) -> float:
    """Seconds: the most that is usual for one of the series, 0 where none has two samples."""
    found = [_selected(samples, matchers, start_ms, end_ms) for matchers in selections]
    series = [each for group in found for each in group if len(each.ts) > 1]
    # Two samples may be the ends of two short runs.
    usual = [each for each in series if len(each.ts) >= _ENOUGH] or series
    gaps = [float(np.median(np.diff(each.ts))) / 1000 for each in usual]
    return min(max(gaps, default=0.0), MOST_SECONDS)


def _selected(
    samples: Selecting, matchers: Sequence[Matcher], start_ms: int, end_ms: int
) -> list[Series]:
    late = max(start_ms, end_ms - _STRETCH_MS)
    return samples.select(matchers, late, end_ms) or samples.select(matchers, start_ms, end_ms)
