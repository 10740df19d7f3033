"""Which service calls which, by a client's span and the server's beneath it; what each serves.

Of slices of time that are settled the store has counted the calls; of the others they are counted
now. Durations come in buckets, so quantiles are right to within a fiftieth.
"""

from collections.abc import Collection, Iterator
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from sightline.viewer.sql.fragment import Questions, Value, sql
from sightline.viewer.store.calls import GROWTH, SLICE_NS, counted

_SECOND = 1e9
_QUANTILES = (0.5, 0.95, 0.99)
_SUMS = (
    "SELECT client, server, bucket, sum(calls)::BIGINT, sum(errors)::BIGINT FROM ({}) GROUP BY ALL"
)
_KNOWN = "SELECT slice FROM settled WHERE slice >= {} AND slice < {} ORDER BY slice"
_SLICES = f"SELECT DISTINCT ts // {SLICE_NS} FROM spans WHERE ts BETWEEN {{}} AND {{}} ORDER BY 1"  # noqa: S608 — a number of ours
_AT_ONCE = 6
_KEPT = (
    "SELECT * FROM calls WHERE slice >= {} AND slice < {} "
    "AND slice IN (SELECT unnest({}::BIGINT[]))"
)
Row = tuple[Any, ...]  # client, server, bucket, calls, errors


class Node(NamedTuple):
    """What a service served, whoever asked."""

    service: str
    calls: int
    errors: int
    rate: float
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float


class Edge(NamedTuple):
    client: str
    server: str
    calls: int
    errors: int
    rate: float
    p50_seconds: float
    p95_seconds: float
    p99_seconds: float


def service_map(store: Questions, start: int, end: int) -> tuple[list[Node], list[Edge]]:
    """Of the calls that were served between two times in nanoseconds."""
    pairs: dict[tuple[str, str], list[Row]] = {}
    for row in _counted(store, start, end):
        pairs.setdefault((row[0], row[1]), []).append(row)
    seconds = (end - start) / _SECOND
    found = [(pair, _figures(rows, seconds)) for pair, rows in sorted(pairs.items())]
    nodes = [Node(server, *figures) for (client, server), figures in found if not client]
    edges = [Edge(client, server, *figures) for (client, server), figures in found if client]
    return nodes, edges


def _counted(store: Questions, start: int, end: int) -> Iterator[Row]:
    first, last = -(-start // SLICE_NS), (end + 1) // SLICE_NS  # whole ones; the last excluded
    known = [row[0] for row in sql(_KNOWN, Value(first), Value(last)).ask(store)]
    if known:
        kept = sql(_KEPT, Value(first), Value(last), Value(known))
        yield from sql(_SUMS, kept).ask(store)
    for begin, finish in _between(known, start, end):
        for some in _pieces(store, begin, finish):
            yield from sql(_SUMS, counted(*some)).ask(store)


def _between(known: Collection[int], start: int, end: int) -> Iterator[tuple[int, int]]:
    """Times of which no settled slice tells."""
    begin = start
    for each in known:
        if begin < each * SLICE_NS:
            yield begin, each * SLICE_NS - 1
        begin = (each + 1) * SLICE_NS
    if begin <= end:
        yield begin, end


def _pieces(store: Questions, begin: int, finish: int) -> Iterator[tuple[int, int]]:
    """A minute with spans at a time: to pair those of an hour takes more memory than there is."""
    found = sql(_SLICES, Value(begin), Value(finish)).ask(store)
    slices = [row[0] for row in found]
    while slices:
        last = slices[0] + _AT_ONCE
        yield max(begin, slices[0] * SLICE_NS), min(finish, last * SLICE_NS - 1)
        slices = [each for each in slices if each >= last]


def _figures(rows: list[Row], seconds: float) -> tuple[int, int, float, float, float, float]:
    buckets, calls = (np.array([row[i] for row in rows], dtype=np.int64) for i in (2, 3))
    order = np.argsort(buckets, kind="stable")
    total, errors = int(calls.sum()), sum(row[4] for row in rows)
    p50, p95, p99 = _quantiles(buckets[order], calls[order])
    return total, errors, total / seconds, p50, p95, p99


def _quantiles(buckets: NDArray[np.int64], calls: NDArray[np.int64]) -> list[float]:
    """Between the two calls next to each rank, as DuckDB's and numpy's own do."""
    upto = np.cumsum(calls)
    ranks = np.array(_QUANTILES) * (upto[-1] - 1)
    low, high = (
        GROWTH ** (buckets[np.searchsorted(upto, near, side="right")] - 0.5) / _SECOND
        for near in (np.floor(ranks), np.ceil(ranks))
    )
    return [float(each) for each in low + (high - low) * (ranks % 1)]
