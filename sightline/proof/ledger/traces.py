"""The server spans of a run, of the store that has them: Tempo and the viewer, or Jaeger."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sightline.proof import jaeger
from sightline.proof.ledger.run import Key, Run, grouped
from sightline.proof.stores import StoreError, Stores, attributes

AT_ONCE = 1_000  # traces; the most that Tempo and the viewer answer a search with
_SPANS_OF_A_TRACE = 20  # one of orders, and of payments as many as it was asked

Mark = tuple[str, str]  # the attribute that has the run's id, and its value
Spans = dict[str, Key]


class Traces(Protocol):
    @property
    def name(self) -> str: ...

    def search(self, service: str, mark: Mark, start: int, end: int) -> tuple[Spans, int]:
        """The service's marked server spans by their ids, and in how many traces they were."""


@dataclass(frozen=True)
class InTempo:
    stores: Stores
    name: str = "Tempo"

    def search(self, service: str, mark: Mark, start: int, end: int) -> tuple[Spans, int]:
        query = (
            f'{{ resource.service.name = "{service}" && kind = server'
            f' && span.{mark[0]} = "{mark[1]}" }} | select('
            "span.http.request.method, span.http.route, span.http.response.status_code)"
        )
        traces = self.stores.search(query, start, end, AT_ONCE, _SPANS_OF_A_TRACE)
        spans = {
            f"{trace['traceID']}-{span['spanID']}": _key(attributes(span))
            for trace in traces
            for found in trace.get("spanSets") or [trace["spanSet"]]
            for span in found["spans"]
        }
        return spans, len(traces)


@dataclass(frozen=True)
class InJaeger:
    address: str
    name: str = "Jaeger"

    def search(self, service: str, mark: Mark, start: int, end: int) -> tuple[Spans, int]:
        traces = jaeger.search(self.address, service, dict([mark]), start, end, AT_ONCE)
        spans = {
            f"{trace['traceID']}-{span['spanID']}": _key(tags)
            for trace in traces
            for span, tags in _with_tags(trace, service)
            if tags.get("span.kind") == "server" and tags.get(mark[0]) == mark[1]
        }
        return spans, len(traces)


def _with_tags(
    trace: dict[str, Any], service: str
) -> Iterable[tuple[dict[str, Any], dict[str, Any]]]:
    processes = trace["processes"]
    for span in trace["spans"]:
        if processes[span["processID"]]["serviceName"] == service:
            yield span, jaeger.tags_of(span)


def _key(said: Mapping[str, Any]) -> Key:
    return Key(
        str(said.get("http.request.method", "")),
        str(said.get("http.route", "none")),
        grouped(str(said.get("http.response.status_code", ""))),
    )


def search_all(
    traces: Traces, service: str, mark: Mark, run: Run, end: float, found: Spans
) -> None:
    """In portions: a search answers with whole traces, as many as it is asked for."""
    rate = max(run.sent / run.seconds, 1)
    portion = max(1, min(60, int(AT_ONCE / 2 / rate)))
    first, last = int(run.started - 5), int(end) + 1
    for since in range(first, last, portion):
        _search(traces, service, mark, since, min(since + portion, last), found)


def _search(traces: Traces, service: str, mark: Mark, start: int, end: int, found: Spans) -> None:
    """Halved where a search could not give all; a trace at an edge is found twice."""
    spans, count = traces.search(service, mark, start, end)
    found.update(spans)
    if count < AT_ONCE:
        return
    if end - start <= 1:
        raise StoreError(
            f"{traces.name}: more than {AT_ONCE:,d} traces of one second: a search gives no more,"
            " so that spans cannot be counted. Send fewer requests a second (--rate)."
        )
    middle = (start + end) // 2
    _search(traces, service, mark, start, middle, found)
    _search(traces, service, mark, middle, end, found)
