"""Samples for the PromQL engine: the head's, joined with the database's where they are older."""

from collections.abc import Mapping, Sequence

import numpy as np
import orjson

from sightline.viewer.promql.samples import (
    Exemplar,
    Labels,
    Matcher,
    Metadata,
    Series,
    TooManySamples,
)
from sightline.viewer.store.head import Head, Samples
from sightline.viewer.store.reader import QueryTimeout, Reader
from sightline.viewer.store.series import Known, SeriesIndex

MAX_SAMPLES = 10_000_000

_POINTS = """
SELECT series_id, ts, value, stale FROM points
WHERE ts BETWEEN ? AND ? AND series_id IN (SELECT unnest(?::BIGINT[])) LIMIT ?
"""
_SEEN = "SELECT DISTINCT series_id FROM points WHERE ts BETWEEN ? AND ?"
_EXEMPLARS = """
SELECT series_id, ts, value, labels FROM exemplars
WHERE ts BETWEEN ? AND ? AND series_id IN (SELECT unnest(?::BIGINT[])) ORDER BY ts LIMIT 20000
"""


class StoredSamples:
    """The store as `SampleReader`; blocks, so asynchronous code calls it in a thread."""

    def __init__(
        self,
        index: SeriesIndex,
        head: Head,
        reader: Reader,
        metadata: dict[str, dict[Metadata, None]],
    ) -> None:
        self._index = index
        self._head = head
        self._reader = reader
        self._metadata = metadata

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        known = self._index.match(matchers)
        found = self._samples([series_id for series_id, _ in known], start_ms, end_ms)
        return [
            Series(labels, *found[series_id]) for series_id, labels in known if series_id in found
        ]

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]:
        return [labels for _, labels in self._seen(matchers, start_ms, end_ms)]

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]:
        return sorted(
            {name for _, labels in self._seen(matchers, start_ms, end_ms) for name in labels}
        )

    def label_values(
        self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> list[str]:
        seen = self._seen(matchers, start_ms, end_ms)
        return sorted({labels[name] for _, labels in seen if name in labels})

    def exemplars(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> list[tuple[Labels, list[Exemplar]]]:
        known = self._index.match(matchers)
        ids = [series_id for series_id, _ in known]
        found: dict[int, list[Exemplar]] = {}
        for series_id, ts, value, labels in self._reader.query(_EXEMPLARS, [start_ms, end_ms, ids]):
            found.setdefault(series_id, []).append(Exemplar(orjson.loads(labels), value, ts))
        return [(labels, found[series_id]) for series_id, labels in known if series_id in found]

    def metadata(self) -> Mapping[str, Sequence[Metadata]]:
        return {name: tuple(entries) for name, entries in list(self._metadata.items())}

    def _samples(self, ids: list[int], start_ms: int, end_ms: int) -> dict[int, Samples]:
        # Read before the head: a sample that is pruned meanwhile is then in neither, not in both.
        boundary = self._head.start_ms
        older: dict[int, Samples] = {}
        if start_ms < boundary and ids:
            older = self._stored(ids, start_ms, min(end_ms, boundary - 1))
        recent = self._head.select(ids, max(start_ms, boundary), end_ms)
        if sum(len(ts) for ts, _, _ in recent.values()) > MAX_SAMPLES:
            raise TooManySamples(_too_many())
        return older | {
            series_id: _joined(older[series_id], samples) if series_id in older else samples
            for series_id, samples in recent.items()
        }

    def _stored(self, ids: list[int], start_ms: int, end_ms: int) -> dict[int, Samples]:
        try:
            columns = self._reader.arrays(_POINTS, [start_ms, end_ms, ids, MAX_SAMPLES + 1])
        except QueryTimeout as error:
            raise TooManySamples(str(error)) from error
        series_id, ts = columns["series_id"], columns["ts"]
        if len(ts) > MAX_SAMPLES:
            raise TooManySamples(_too_many())
        if not len(ts):
            return {}
        order = np.lexsort((ts, series_id))
        series_id, ts = series_id[order], ts[order]
        # A sample sent twice around a restart stands in the database twice.
        new = np.ones(len(ts), dtype=np.bool_)
        new[1:] = (series_id[1:] != series_id[:-1]) | (ts[1:] != ts[:-1])
        series_id, ts, order = series_id[new], ts[new], order[new]
        value, stale = columns["value"][order], columns["stale"][order]
        each, starts = np.unique(series_id, return_index=True)
        ends = [*starts[1:], len(ts)]
        return {
            int(one): (ts[low:high], value[low:high], stale[low:high])
            for one, low, high in zip(each, starts, ends, strict=True)
        }

    def _seen(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Known]:
        known = self._index.match(matchers)
        ids = [series_id for series_id, _ in known]
        boundary = self._head.start_ms
        seen = set(self._head.select(ids, max(start_ms, boundary), end_ms))
        if start_ms < boundary and len(seen) < len(ids):
            rows = self._reader.query(_SEEN, [start_ms, min(end_ms, boundary - 1)])
            seen.update(row[0] for row in rows)
        return [one for one in known if one[0] in seen]


def _joined(older: Samples, recent: Samples) -> Samples:
    ts, value, stale = (np.concatenate(pair) for pair in zip(older, recent, strict=True))
    return ts, value, stale


def _too_many() -> str:
    return f"more than {MAX_SAMPLES:,} samples match; choose a shorter range or narrower matchers"
