"""Samples for the PromQL engine: the head's, joined with the database's where they are older."""

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

import duckdb
import numpy as np
import orjson

from sightline.viewer.promql.samples import (
    Exemplar,
    Labels,
    Matcher,
    Metadata,
    Series,
    TookTooLong,
    TooManySamples,
)
from sightline.viewer.store.head import Head, Samples
from sightline.viewer.store.reader import OUT_OF_MEMORY, QueryTimeout, Reader
from sightline.viewer.store.series import Known, SeriesIndex

MAX_SAMPLES = 10_000_000
_NEVER = -(2**63)

_POINTS = """
SELECT series_id, ts, value, stale FROM points
WHERE ts BETWEEN ? AND ? AND series_id IN (SELECT unnest(?::BIGINT[])) LIMIT ?
"""
_SEEN = """
SELECT DISTINCT series_id FROM points
WHERE ts BETWEEN ? AND ? AND series_id IN (SELECT unnest(?::BIGINT[]))
"""
_LAST = "SELECT series_id, max(ts) FROM points WHERE ts >= ? AND ts < ? GROUP BY series_id"
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
        # Of the time before the head began: each series' last sample, as far back as was asked.
        self._last: dict[int, int] = {}
        self._looked_back_to = head.start_ms
        self._looking_back = threading.Lock()

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
        with _refusals():
            rows = self._reader.query(_EXEMPLARS, [start_ms, end_ms, ids])
        for series_id, ts, value, labels in rows:
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
        with _refusals():
            columns = self._reader.arrays(_POINTS, [start_ms, end_ms, ids, MAX_SAMPLES + 1])
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
        value = np.ma.filled(columns["value"], np.nan)[order]
        stale = np.ma.filled(columns["stale"], fill_value=False)[order]
        each, starts = np.unique(series_id, return_index=True)
        ends = [*starts[1:], len(ts)]
        return {
            int(one): (ts[low:high], value[low:high], stale[low:high])
            for one, low, high in zip(each, starts, ends, strict=True)
        }

    def _seen(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Known]:
        """Those with a sample in the range; few ranges need a look at samples to tell."""
        known = self._index.match(matchers)
        last = self._last_samples([series_id for series_id, _ in known], start_ms)
        seen = {series_id for series_id, ts in last.items() if start_ms <= ts <= end_ms}
        unsure = [series_id for series_id, ts in last.items() if ts > end_ms]
        if unsure:
            boundary = self._head.start_ms
            seen |= self._head.seen(unsure, max(start_ms, boundary), end_ms)
            unsure = [series_id for series_id in unsure if series_id not in seen]
            if start_ms < boundary and unsure:
                with _refusals():
                    times = [start_ms, min(end_ms, boundary - 1)]
                    rows = self._reader.query(_SEEN, [*times, unsure])
                seen.update(row[0] for row in rows)
        return [one for one in known if one[0] in seen]

    def _last_samples(self, ids: list[int], start_ms: int) -> dict[int, int]:
        """When each had its last, exact where that was not before `start_ms`."""
        recent = {series_id: self._head.last_seen(series_id) for series_id in ids}
        if any(ts is None or ts < start_ms for ts in recent.values()):
            self._look_back(start_ms)
        return {
            series_id: max(_NEVER if ts is None else ts, self._last.get(series_id, _NEVER))
            for series_id, ts in recent.items()
        }

    def _look_back(self, start_ms: int) -> None:
        """Each part of the past is looked at once, however many variables a dashboard has."""
        with self._looking_back:
            if start_ms >= self._looked_back_to:
                return
            with _refusals():
                rows = self._reader.query(_LAST, [start_ms, self._looked_back_to])
            for series_id, ts in rows:
                self._last.setdefault(series_id, ts)
            self._looked_back_to = start_ms


@contextmanager
def _refusals() -> Iterator[None]:
    """What the database could not do, as the query languages have it; each names the remedy."""
    try:
        yield
    except QueryTimeout as error:
        raise TookTooLong(str(error)) from error
    except duckdb.OutOfMemoryException as error:
        raise TooManySamples(OUT_OF_MEMORY) from error


def _joined(older: Samples, recent: Samples) -> Samples:
    ts, value, stale = (np.concatenate(pair) for pair in zip(older, recent, strict=True))
    return ts, value, stale


def _too_many() -> str:
    return f"more than {MAX_SAMPLES:,} samples match; choose a shorter range or narrower matchers"
