"""A SampleReader over a list of series, and the notation of promtool's tests to fill it."""

import re
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import promql_parser

from sightline.viewer.promql import regex
from sightline.viewer.promql.samples import Exemplar, Labels, Matcher, Metadata, Series


class MemoryReader:
    def __init__(self, series: Sequence[Series] = ()) -> None:
        self.held = list(series)
        self.held_exemplars: list[tuple[Labels, list[Exemplar]]] = []
        self.held_metadata: dict[str, list[Metadata]] = {}

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        return list(self._within(matchers, start_ms, end_ms))

    def _within(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> Iterator[Series]:
        for series in self.held:
            if all(fits(matcher, series.labels) for matcher in matchers):
                lo = np.searchsorted(series.ts, start_ms, side="left")
                hi = np.searchsorted(series.ts, end_ms, side="right")
                if hi > lo:
                    part = slice(lo, hi)
                    yield Series(
                        series.labels, series.ts[part], series.values[part], series.stale[part]
                    )

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        return [each.labels for each in self._within(matchers, start_ms, end_ms)]

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        return sorted({name for each in self.series(matchers, start_ms, end_ms) for name in each})

    def label_values(
        self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> list[str]:
        found = self.series(matchers, start_ms, end_ms)
        return sorted({each[name] for each in found if name in each})

    def exemplars(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> list[tuple[Labels, list[Exemplar]]]:
        found = []
        for labels, exemplars in self.held_exemplars:
            within = [each for each in exemplars if start_ms <= each.ts_ms <= end_ms]
            if within and all(fits(matcher, labels) for matcher in matchers):
                found.append((labels, within))
        return found

    def metadata(self) -> Mapping[str, Sequence[Metadata]]:
        return self.held_metadata


def fits(matcher: Matcher, labels: Labels) -> bool:
    value = labels.get(matcher.name, "")
    if matcher.op in ("=", "!="):
        return (value == matcher.value) == (matcher.op == "=")
    return regex.fits(matcher.value)(value) == (matcher.op == "=~")


def loaded(text: str, interval_ms: int) -> list[Series]:
    """Series from lines such as `http_requests{job="api"} 0+10x10 _ stale 3`."""
    return [series_of(line, interval_ms) for line in text.splitlines() if line.strip()]


def series_of(line: str, interval_ms: int) -> Series:
    metric, values = split_metric(line.strip())
    points = [
        (index * interval_ms, value)
        for index, value in enumerate(expanded(values))
        if value is not None
    ]
    stale = np.array([value == "stale" for _, value in points], dtype=bool)
    floats = [np.nan if value == "stale" else float(value) for _, value in points]
    ts = np.array([ts for ts, _ in points], dtype=np.int64)
    return Series(labels_of(metric), ts, np.array(floats, dtype=np.float64), stale)


def split_metric(line: str) -> tuple[str, str]:
    found = re.match(
        r'((?:[^\s{]+)?\s*(?:\{(?:"(?:\\.|[^"\\])*"|[^}"])*\})?)\s*(.*)$', line, re.DOTALL
    )
    if found is None or not found[1].strip():
        raise ValueError(f"no metric in {line!r}")
    return found[1].strip(), found[2]


def labels_of(metric: str) -> Labels:
    if metric == "{}":
        return {}
    selector = promql_parser.parse(metric if metric[0] != "{" else _selectable(metric))
    assert isinstance(selector, promql_parser.VectorSelector)
    labels = {each.name: each.value for each in selector.matchers.matchers}
    labels.pop("", None)
    if selector.name:
        labels["__name__"] = selector.name
    return {name: value for name, value in labels.items() if value and name != "__any__"}


def _selectable(metric: str) -> str:
    inner = metric[1:-1].strip().rstrip(",")
    return "{" + inner + ("," if inner else "") + '__any__="x"}'


NUMBER = r"(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?|inf|nan"
TOKEN = re.compile(rf"(_|stale|[+-]?(?:{NUMBER}))([+-](?:{NUMBER}))?(?:x(\d+))?", re.IGNORECASE)


def expanded(text: str) -> Iterator[float | str | None]:
    for token in text.split():
        found = TOKEN.fullmatch(token)
        if found is None:
            raise ValueError(f"cannot read {token!r}")
        first, step, times = found.groups()
        if first == "_":
            yield from [None] * int(times or 1)
        elif first == "stale":
            yield first
        else:
            for index in range(int(times or 0) + 1):
                yield float(first) + index * float(step) if step else float(first)
