"""The real viewer, orders and payments as processes on free ports, with a client's view of them."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx2
import loopback
from opentelemetry.instrumentation.utils import suppress_instrumentation

from sightline.demo import Ports, programs
from sightline.supervisor import Program, Supervisor

ORDER = {
    "product_id": 1,
    "quantity": 2,
    "payment_method": "card",
    "currency": "EUR",
    "user_email": "ada@example.com",
}


def free_ports() -> Ports:
    return Ports(*loopback.free_ports(5))


T = TypeVar("T")


def eventually(ask: Callable[[], T | None], seconds: float = 10, what: str = "it") -> T:
    """The first answer that is not None and not empty; the contract's ten seconds by default."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.1)
    return answer


@dataclass
class System:
    """The running processes, and the questions a person asks of them."""

    ports: Ports
    supervisor: Supervisor
    programs: dict[str, Program]
    client: httpx2.Client

    @property
    def orders(self) -> str:
        return f"http://127.0.0.1:{self.ports.orders}"

    @property
    def viewer(self) -> str:
        return f"http://127.0.0.1:{self.ports.viewer}"

    def checkout(self, headers: dict[str, str] | None = None, **fields: Any) -> httpx2.Response:
        body = {**ORDER, **fields}
        return self.client.post(f"{self.orders}/checkout", json=body, headers=headers)

    def promql(self, query: str) -> list[dict[str, Any]]:
        answer = self.client.get(f"{self.viewer}/api/v1/query", params={"query": query})
        assert answer.status_code == 200, answer.text
        return list(answer.json()["data"]["result"])

    def number(self, query: str) -> float:
        """The value of a query with one sample; 0 where there is none yet."""
        return sum(float(sample["value"][1]) for sample in self.promql(query))

    def logs(self, query: str) -> list[dict[str, Any]]:
        """Each line as its labels and structured metadata, with the line itself under `line`."""
        answer = self.client.get(
            f"{self.viewer}/loki/api/v1/query_range", params={"query": query, "limit": 1000}
        )
        assert answer.status_code == 200, answer.text
        streams = answer.json()["data"]["result"]
        return [{**s["stream"], "line": value[1]} for s in streams for value in s["values"]]

    def spans(self, trace_id: str) -> list[dict[str, Any]]:
        """Spans of a trace with `service` and plain `attributes` beside OTLP's own fields."""
        answer = self.client.get(f"{self.viewer}/api/traces/{trace_id}")
        if answer.status_code == 404:
            return []
        assert answer.status_code == 200, answer.text
        return [
            {**span, "service": service, "attributes": _plain(span.get("attributes", []))}
            for batch in answer.json()["batches"]
            for service in [_plain(batch["resource"]["attributes"])["service.name"]]
            for scope in batch["scopeSpans"]
            for span in scope["spans"]
        ]


def _plain(attributes: list[dict[str, Any]]) -> dict[str, Any]:
    return {item["key"]: next(iter(item["value"].values())) for item in attributes}


def run_system(
    data: Path, only: tuple[str, ...] = ("viewer", "payments", "orders")
) -> Iterator[System]:
    ports = free_ports()
    known = {program.name: program for program in programs(ports, data)}
    with (
        # Other tests of this process may have instrumented the client: the traceparent is ours.
        suppress_instrumentation(),
        Supervisor(data / "logs") as supervisor,
        httpx2.Client(timeout=20) as client,
    ):
        for name in only:
            supervisor.start(known[name])
        supervisor.wait_ready(60)
        yield System(ports, supervisor, known, client)
