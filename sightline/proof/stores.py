"""The questions that Grafana asks of the stores, asked the same way of stack and viewer."""

import time
import urllib.parse
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypedDict

from sightline.proof.http import Answer, Unreachable, request

OK = 200
NOT_FOUND = 404
TIMEOUT_SECONDS = 10.0

Parameters = Mapping[str, str | int]
Line = dict[str, str]
Span = dict[str, Any]


class StoreError(Exception):
    """A store that did not answer, or not as asked: which, what and why, in one line."""


class Sample(TypedDict):
    metric: dict[str, str]
    value: tuple[float, str]


class Series(TypedDict):
    metric: dict[str, str]
    values: list[tuple[float, str]]


class Exemplar(TypedDict):
    labels: dict[str, str]
    value: str
    timestamp: float


class Alert(TypedDict):
    labels: dict[str, str]
    annotations: dict[str, str]
    state: str
    activeAt: str
    value: str


class Target(TypedDict):
    labels: dict[str, str]
    scrapeUrl: str
    health: str
    lastError: str
    lastScrape: str


@dataclass(frozen=True)
class Stores:
    """Addresses of the three query APIs; the viewer answers all of them at one."""

    prometheus: str
    loki: str
    tempo: str
    timeout: float = field(default=TIMEOUT_SECONDS, kw_only=True)
    headers: Mapping[str, str] = field(default_factory=dict, kw_only=True, repr=False)

    # Prometheus.

    def promql(self, query: str, at: float | None = None) -> list[Sample]:
        given = {"query": query} | ({"time": str(at)} if at else {})
        data = self._prometheus("query", given)
        if data["resultType"] == "scalar":
            return [Sample(metric={}, value=data["result"])]
        return list(data["result"])

    def promql_range(self, query: str, start: float, end: float, step: float) -> list[Series]:
        given = {"query": query, "start": str(start), "end": str(end), "step": str(step)}
        return list(self._prometheus("query_range", given)["result"])

    def number(self, query: str, at: float | None = None) -> float:
        """The sum of all that the query gives; 0 where it gives nothing."""
        return sum(float(sample["value"][1]) for sample in self.promql(query, at))

    def series(self, selector: str, start: float, end: float) -> list[dict[str, str]]:
        given = {"match[]": selector, "start": str(start), "end": str(end)}
        return list(self._prometheus("series", given))

    def exemplars(self, query: str, start: float, end: float) -> list[Exemplar]:
        given = {"query": query, "start": str(start), "end": str(end)}
        found = self._prometheus("query_exemplars", given)
        return [exemplar for series in found for exemplar in series["exemplars"]]

    def alert_instances(self) -> list[Alert]:
        """Each instance of an alert that is pending or firing."""
        return list(self._prometheus("alerts", {})["alerts"])

    def alerts(self) -> dict[str, str]:
        """Each alert that is pending or firing, with the furthest state of its instances."""
        states: dict[str, str] = {}
        for alert in sorted(self.alert_instances(), key=lambda one: one["state"] == "firing"):
            states[alert["labels"]["alertname"]] = alert["state"]
        return states

    def rules(self) -> list[dict[str, Any]]:
        """Every rule of every group, with its health and last error."""
        groups = self._prometheus("rules", {})["groups"]
        return [rule for group in groups for rule in group["rules"]]

    def targets(self) -> list[Target]:
        return list(self._prometheus("targets", {"state": "active"})["activeTargets"])

    # Loki.

    def logs(
        self, query: str, start: float = 0, end: float = 0, limit: int = 5000
    ) -> list[dict[str, Any]]:
        """Each line as its labels and structured metadata, with the text under `line`."""
        found = self.logql(query, start, end, limit)
        return [
            {**stream["stream"], "line": line[1], "at": line[0]}
            for stream in found
            for line in stream["values"]
        ]

    def logql(
        self, query: str, start: float = 0, end: float = 0, limit: int = 5000
    ) -> list[dict[str, Any]]:
        end = end or time.time() + 1
        given = {
            "query": query,
            "start": str(int((start or end - 3600) * 1e9)),
            "end": str(int(end * 1e9)),
            "limit": str(limit),
        }
        return list(self._loki("query_range", given)["result"])

    def logql_instant(self, query: str, at: float) -> list[Sample]:
        given = {"query": query, "time": str(int(at * 1e9))}
        return list(self._loki("query", given)["result"])

    # Tempo.

    def trace(self, trace_id: str) -> list[Span]:
        """The spans of a trace, each with its service's resource; none where it is unknown."""
        answer = self._ask("Tempo", f"{self.tempo}/api/traces/{trace_id}", {})
        if answer.status == NOT_FOUND:
            return []
        return [
            {**span, "resource": attributes(batch["resource"])}
            for batch in _json("Tempo", answer)["batches"]
            for scope in batch["scopeSpans"]
            for span in scope["spans"]
        ]

    def search(
        self, traceql: str, start: float, end: float, limit: int, spans: int = 50
    ) -> list[dict[str, Any]]:
        """Traces that match, each with as many of its matching spans as wanted."""
        when: Parameters = {"start": int(start), "end": int(end) + 1}
        given: Parameters = {"q": traceql, **when, "limit": limit, "spss": spans}
        answer = self._ask("Tempo", f"{self.tempo}/api/search", given)
        return list(_json("Tempo", answer).get("traces") or [])

    def spans(self, traceql: str, start: float, end: float) -> list[Span]:
        """Each span that a search finds."""
        found = self.search(traceql, start, end, limit=1000)  # the most that the viewer gives
        return [span for trace in found for sets in trace["spanSets"] for span in sets["spans"]]

    def _prometheus(self, path: str, given: Parameters) -> Any:
        answer = self._ask("Prometheus", f"{self.prometheus}/api/v1/{path}", given)
        return _data("Prometheus", answer)

    def _loki(self, path: str, given: Parameters) -> Any:
        return _data("Loki", self._ask("Loki", f"{self.loki}/loki/api/v1/{path}", given))

    def _ask(self, store: str, url: str, given: Parameters) -> Answer:
        query = f"?{urllib.parse.urlencode(given)}" if given else ""
        try:
            headers = {**self.headers, "Accept": "application/json"}
            return request(url + query, timeout=self.timeout, headers=headers)
        except Unreachable as error:
            raise StoreError(f"{store}: {error}") from error


def _data(store: str, answer: Answer) -> Any:
    try:
        return _json(store, answer)["data"]
    except (KeyError, TypeError) as error:
        raise StoreError(f"{store}: {answer.url} answers without data: {answer.summary}") from error


def _json(store: str, answer: Answer) -> Any:
    if answer.status != OK:
        raise StoreError(f"{store}: {_shown(answer.url)} answers {answer.summary}")
    try:
        return answer.json()
    except ValueError as error:
        raise StoreError(f"{store}: {error}") from error


def _shown(url: str) -> str:
    """As it was asked, for people: a query is unreadable while it is quoted."""
    return " ".join(urllib.parse.unquote_plus(url).split())


def attributes(owner: Mapping[str, Any]) -> dict[str, Any]:
    """OTLP's list of key and typed value as a dictionary."""
    return {
        item["key"]: next(iter(item["value"].values()), None)
        for item in owner.get("attributes", [])
    }
