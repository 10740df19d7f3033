"""Which service calls which, by a client's span and the server's beneath it; what each serves."""

from typing import NamedTuple

from sightline.viewer.sql.fragment import Questions, Value, sql

_CLIENT, _SERVER, _PRODUCER, _CONSUMER, _ERROR = 3, 2, 4, 5, 2
_SECOND = 1e9
# A resent span counts once; a client's call lies before the server's, within the searched time.
_EDGES = f"""
WITH calls AS (
    SELECT DISTINCT ON (s.trace_id, s.span_id) c.service AS client, s.service AS server, s.dur,
           s.status = {_ERROR} OR c.status = {_ERROR} AS failed
    FROM spans s JOIN spans c ON c.span_id = s.parent_id AND c.trace_id = s.trace_id
    WHERE s.ts BETWEEN {{}} AND {{}} AND s.kind IN ({_SERVER}, {_CONSUMER}) AND s.parent_id <> ''
      AND c.ts BETWEEN {{}} AND {{}} AND c.kind IN ({_CLIENT}, {_PRODUCER})
)
SELECT client, server, count(*), count(*) FILTER (failed),
       quantile_cont(dur, 0.5), quantile_cont(dur, 0.95), quantile_cont(dur, 0.99)
FROM calls GROUP BY 1, 2 ORDER BY 1, 2
"""  # noqa: S608 — constants of ours

_NODES = f"""
WITH known AS (
    SELECT DISTINCT ON (s.trace_id, s.span_id) s.service, s.dur, s.status
    FROM spans s WHERE s.ts BETWEEN {{}} AND {{}} AND s.kind IN ({_SERVER}, {_CONSUMER})
)
SELECT service, count(*), count(*) FILTER (status = {_ERROR}),
       quantile_cont(dur, 0.5), quantile_cont(dur, 0.95), quantile_cont(dur, 0.99)
FROM known GROUP BY 1 ORDER BY 1
"""  # noqa: S608 — constants of ours


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


def edges(store: Questions, start: int, end: int) -> list[Edge]:
    seconds = (end - start) / _SECOND
    return [
        Edge(client, server, calls, errors, calls / seconds, *(q / _SECOND for q in quantiles))
        for client, server, calls, errors, *quantiles in sql(
            _EDGES, Value(start), Value(end), Value(start), Value(end)
        ).ask(store)
    ]


def nodes(store: Questions, start: int, end: int) -> list[Node]:
    seconds = (end - start) / _SECOND
    return [
        Node(service, calls, errors, calls / seconds, *(q / _SECOND for q in quantiles))
        for service, calls, errors, *quantiles in sql(_NODES, Value(start), Value(end)).ask(store)
    ]
