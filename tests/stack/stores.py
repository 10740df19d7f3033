"""The questions that Grafana asks of the stores, asked the same way."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import httpx2

T = TypeVar("T")


def eventually(ask: Callable[[], T], seconds: float = 30, what: str = "an answer") -> T:
    """The first answer that is not empty."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:g} s"
        time.sleep(0.25)
    return answer


@dataclass(frozen=True)
class Stores:
    prometheus: str
    loki: str
    tempo: str
    client: httpx2.Client

    def promql(self, query: str, at: float | None = None) -> list[dict[str, Any]]:
        given = {"query": query} | ({"time": str(at)} if at else {})
        return list(self._prometheus("query", given)["result"])

    def promql_range(
        self,
        query: str,
        start: float,
        end: float,
        step: float,
    ) -> list[dict[str, Any]]:
        given = {"query": query, "start": str(start), "end": str(end), "step": str(step)}
        return list(self._prometheus("query_range", given)["result"])

    def number(self, query: str, at: float | None = None) -> float:
        return sum(float(sample["value"][1]) for sample in self.promql(query, at))

    def exemplars(self, query: str, start: float, end: float) -> list[dict[str, Any]]:
        given = {"query": query, "start": str(start), "end": str(end)}
        found = self._prometheus("query_exemplars", given)
        return [exemplar for series in found for exemplar in series["exemplars"]]

    def alerts(self) -> dict[str, str]:
        """Each alert that is pending or firing, with the furthest state of its instances."""
        found = self._prometheus("alerts", {})["alerts"]
        states: dict[str, str] = {}
        for alert in sorted(found, key=lambda one: one["state"] == "firing"):
            states[alert["labels"]["alertname"]] = alert["state"]
        return states

    def logs(
        self,
        query: str,
        start: float = 0,
        end: float = 0,
        limit: int = 5000,
    ) -> list[dict[str, Any]]:
        """Each line as its labels and structured metadata, with the text under `line`."""
        found = self.logql(query, start, end, limit)
        return [
            {**stream["stream"], "line": line[1], "at": line[0]}
            for stream in found
            for line in stream["values"]
        ]

    def logql(
        self,
        query: str,
        start: float = 0,
        end: float = 0,
        limit: int = 5000,
    ) -> list[dict[str, Any]]:
        end = end or time.time() + 1
        given = {
            "query": query,
            "start": str(int((start or end - 3600) * 1e9)),
            "end": str(int(end * 1e9)),
            "limit": str(limit),
        }
        return list(self._get(f"{self.loki}/loki/api/v1/query_range", given)["data"]["result"])

    def logql_instant(self, query: str, at: float) -> list[dict[str, Any]]:
        given = {"query": query, "time": str(int(at * 1e9))}
        return list(self._get(f"{self.loki}/loki/api/v1/query", given)["data"]["result"])

    def trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans of a trace, each with its service's resource; none where it is unknown."""
        url = f"{self.tempo}/api/traces/{trace_id}"
        answer = self.client.get(url, headers={"Accept": "application/json"})
        if answer.status_code == 404:
            return []
        assert answer.status_code == 200, f"{url}: {answer.status_code} {answer.text}"
        return [
            {**span, "resource": attributes(batch["resource"])}
            for batch in answer.json()["batches"]
            for scope in batch["scopeSpans"]
            for span in scope["spans"]
        ]

    def search(self, traceql: str, start: float, end: float, limit: int) -> list[dict[str, Any]]:
        given = {"q": traceql, "start": int(start), "end": int(end) + 1, "limit": limit, "spss": 50}
        return list(self._get(f"{self.tempo}/api/search", given).get("traces") or [])

    def spans(self, traceql: str, start: float, end: float) -> list[dict[str, Any]]:
        """Each span that a search finds."""
        found = self.search(traceql, start, end, limit=2000)
        return [span for trace in found for sets in trace["spanSets"] for span in sets["spans"]]

    def _prometheus(self, path: str, given: dict[str, str]) -> Any:
        return self._get(f"{self.prometheus}/api/v1/{path}", given)["data"]

    def _get(self, url: str, given: dict[str, Any]) -> Any:
        answer = self.client.get(url, params=given)
        assert answer.status_code == 200, f"{url} {given}: {answer.status_code} {answer.text}"
        return answer.json()


def attributes(owner: dict[str, Any]) -> dict[str, Any]:
    """OTLP's list of key and typed value as a dictionary."""
    return {
        item["key"]: next(iter(item["value"].values()), None)
        for item in owner.get("attributes", [])
    }
