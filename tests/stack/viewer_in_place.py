"""The viewer beside the stores' servers, or in place of them and of the Collector."""

import sys
from dataclasses import dataclass
from typing import ClassVar

from composed import Composed
from process import Process
from shortened_rules import EACH_SECOND, write_shortened_rules
from system import System

# Where services send and queries go, and which of the viewer's ports answers there.
REPLACED = {
    ("otel-collector", 4317): 4317,
    ("otel-collector", 4318): 4318,
    ("prometheus", 9090): 3000,
    ("loki", 3100): 3000,
    ("tempo", 3200): 3000,
}


@dataclass
class ViewerBeside(System):
    """A viewer that nobody was told of."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.scraped = frozenset({"orders"} & self.processes.keys())

    def _prepare(self) -> None:
        self.composed["viewer"] = Composed("viewer", [], {}, {})

    def _viewer(self, composed: Composed) -> Process:
        where = {
            "port": self.port("viewer"),
            "otlp-http-port": self.port("viewer", 4318),
            "otlp-grpc-port": self.port("viewer", 4317),
            "data": self.data("viewer"),
            "environment": "development",
            "evaluation-interval": "5s",  # as prometheus.yml has it
        }
        if self.shortened:
            write_shortened_rules(self.folder / "rules", EACH_SECOND, wait="3s", step="1s")
            where |= {
                "rules": self.folder / "rules",
                "scrape-interval": "1s",
                "evaluation-interval": "1s",
            }
        if "orders" in self.STARTED:
            where["scrape"] = f"orders={self.url('orders')}/metrics"
        return Process(
            composed.name,
            [sys.executable, "-m", "sightline", "view", *(f"--{k}={v}" for k, v in where.items())],
            composed.environment,
            self._log(composed.name),
            ready_url=f"{self.url('viewer')}/healthz",
        )


@dataclass
class ViewerInPlace(ViewerBeside):
    """Services send to it, it scrapes orders, and every question goes to it."""

    STARTED: ClassVar[tuple[str, ...]] = ("viewer", "postgres", "payments", "orders")

    def _prepare(self) -> None:
        super()._prepare()
        self.ports |= {key: self.port("viewer", number) for key, number in REPLACED.items()}
