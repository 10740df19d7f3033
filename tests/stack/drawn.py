"""A ledger drawn up of a run of traffic, with something that happens in the middle of it."""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from stores import eventually
from system import System

RATE = 20


@dataclass(frozen=True)
class Drawn:
    code: int
    ledger: dict[str, Any]
    output: str

    def total(self, service: str, column: str) -> int:
        (books,) = (one for one in self.ledger["services"] if one["service"] == service)
        return sum(row[column] for row in books["rows"])

    def finding(self, hop: str, what: str) -> dict[str, Any]:
        (found,) = (
            one for one in self.ledger["findings"] if (one["hop"], one["what"]) == (hop, what)
        )
        return found

    @property
    def hops(self) -> set[str]:
        return {one["hop"] for one in self.ledger["findings"]}


def draw_up(
    system: System,
    folder: Path,
    seconds: int,
    meanwhile: Callable[[], None] = lambda: None,
    **options: str,
) -> Drawn:
    """Traffic, something that happens in the middle of it, and the ledger."""
    flags = [f"--{name}={url}" for name, url in places(system).items()]
    flags += ["--users=10", f"--rate={RATE}", f"--time={seconds}s", f"--json={folder}/ledger.json"]
    flags += [f"--{name}={value}" for name, value in options.items()]
    output = folder / "ledger.out"
    before = requests(system)
    with output.open("wb") as stream:
        command = [sys.executable, "-m", "sightline", "ledger", *flags]
        process = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
        try:
            eventually(lambda: requests(system) > before + 2 * RATE, 60, "traffic")
            meanwhile()
            code = process.wait(timeout=300)
        finally:
            process.kill()
    said = output.read_text()
    assert code in {0, 1}, said
    return Drawn(code, json.loads((folder / "ledger.json").read_text()), said)


def places(system: System) -> dict[str, str]:
    """What the ledger is told of where things are."""
    if "viewer" in system.processes:
        named = ["orders", "payments", "viewer"]
    else:
        named = ["orders", "payments", "prometheus", "loki", "tempo", "jaeger"]
    return {name: system.url(name) for name in named}


def requests(system: System) -> float:
    """By orders itself."""
    with urllib.request.urlopen(f"{system.url('orders')}/metrics", timeout=10) as answer:
        families = list(text_string_to_metric_families(answer.read().decode()))
    return sum(
        sample.value
        for family in families
        for sample in family.samples
        if sample.name == "http_requests_total"
    )
