"""Whatever is killed on the path, the ledger of a run is equal or says exactly what is lost."""

import json
import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from stores import eventually
from system import System

pytestmark = pytest.mark.skipif(
    os.environ.get("STACK") == "compose", reason="stops processes of its own"
)
RATE = 20


@dataclass(frozen=True)
class Drawn:
    code: int
    ledger: dict[str, Any]
    output: str

    def total(self, service: str, column: str) -> int:
        (books,) = (one for one in self.ledger["services"] if one["service"] == service)
        return sum(row[column] for row in books["rows"])

    @property
    def hops(self) -> set[str]:
        return {one["hop"] for one in self.ledger["findings"]}


@pytest.fixture(scope="module")
def running(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("ledger"))
    try:
        system.start()
        system.require("tempo")
        yield system
    finally:
        system.stop()


def draw_up(
    system: System,
    folder: Path,
    seconds: int,
    meanwhile: Callable[[], None] = lambda: None,
    **options: str,
) -> Drawn:
    """Traffic, something that happens in the middle of it, and the ledger."""
    places = ("orders", "payments", "prometheus", "loki", "tempo")
    flags = [f"--{name}={system.url(name)}" for name in places]
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


def restart(system: System, *names: str, away: float = 0) -> None:
    for name in names:
        system.processes[name].kill()
    time.sleep(away)
    for name in names:
        system.processes[name].start()
        system.processes[name].await_ready()


def test_with_stores_away_and_the_collector_killed_in_the_middle_it_is_equal(
    running: System, tmp_path: Path
) -> None:
    stores = [running.processes[name] for name in ("loki", "tempo", "prometheus")]

    def take_away() -> None:
        for store in stores:
            store.stop()
        restart(running, "otel-collector", away=2)
        for store in stores:
            store.start()
            store.await_ready()

    drawn = draw_up(running, tmp_path, 20, take_away)
    assert drawn.code == 0, drawn.output
    assert drawn.ledger["equal"]
    assert drawn.total("orders", "answered") == drawn.ledger["sent"] > 15 * RATE
    for column in ("counter", "spans", "lines"):
        assert drawn.total("orders", column) == drawn.total("orders", "answered")
        assert drawn.total("payments", column) == drawn.total("payments", "answered") > 0


def test_with_a_service_killed_in_the_middle_it_says_what_was_lost_and_at_which_hop(
    running: System, tmp_path: Path
) -> None:
    drawn = draw_up(running, tmp_path, 15, lambda: restart(running, "orders"), wait="15")
    assert drawn.code == (0 if drawn.ledger["equal"] else 1), drawn.output
    unanswered = drawn.ledger["sent"] - drawn.ledger["answered"]
    said = {(one["hop"], one["what"]): one for one in drawn.ledger["findings"]}
    if unanswered:  # nearly always, but requests may happen to be between two answers
        assert said["client → orders", "answers of orders"]["amount"] == -unanswered
    # Each difference has its sentence, with the very amount that the table shows.
    for service in ("orders", "payments"):
        for column in ("counter", "spans", "lines"):
            amount = drawn.total(service, column) - drawn.total(service, "answered")
            told = [one for (_, what), one in said.items() if what == f"{column} of {service}"]
            if amount:
                assert told, drawn.output
    lost = drawn.total("orders", "answered") - drawn.total("orders", "counter")
    if lost > 0:
        assert "was restarted at" in said["orders → store", "counter of orders"]["why"]
    assert drawn.hops <= {"client → orders", "orders → collector", "orders → store"}


def test_with_sampling_the_spans_are_judged_within_its_bounds(
    running: System, tmp_path: Path
) -> None:
    orders = running.processes["orders"]
    always = orders.env
    orders.env = {
        **always,
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.3",
    }
    restart(running, "orders")
    try:
        drawn = draw_up(running, tmp_path, 10, sampled="0.3")
    finally:
        orders.env = always
        restart(running, "orders")
    assert drawn.code == 0, drawn.output
    answered = drawn.total("orders", "answered")
    assert 0 < drawn.total("orders", "spans") < answered
    assert drawn.total("orders", "lines") == drawn.total("orders", "counter") == answered
    assert "Traces are sampled (0.3 of all)" in drawn.output
