"""Several workers are one service: counts exact, exemplars in place, whoever ends or is killed."""

import re
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_client.samples import Sample
from test_server import Server, serving

from sightline.telemetry import TelemetryError, workers

SHOP = """
import os
from prometheus_client import Counter, Enum, Gauge, Summary
from prometheus_client.core import GaugeMetricFamily, REGISTRY

# Made, and counted in, before anything knows that there are workers.
sold = Counter("sold", "Sold.", ["what"])
sold.labels("at the start").inc()
basket = Summary("basket", "Items in a basket.")
busy = Gauge("busy", "In progress.", multiprocess_mode="livesum")
version = Gauge("version", "Of this worker.")
asked = Gauge("asked", "By a function.", multiprocess_mode="livemax")
asked.set_function(lambda: 7)
phase = Enum("phase", "Of the moon.", states=["new", "full"])
phase.state("full")

class Broken:
    def describe(self):
        return []

    def collect(self):
        raise RuntimeError("no answer")

class Queue:
    def collect(self):
        yield GaugeMetricFamily("queue", "Waiting.", 2)

REGISTRY.register(Broken())
REGISTRY.register(Queue())

from fastapi import FastAPI
from sightline.telemetry import instrument

app = FastAPI()
instrument(app)
version.set(3)

@app.get("/sell/{number}")
async def sell(number: int) -> int:
    sold.labels("tea").inc()
    basket.observe(number)
    return os.getpid()

@app.get("/hang")
async def hang() -> None:
    with busy.track_inprogress():
        os.kill(os.getpid(), 9)
"""
WORKERS = 4
pytestmark = pytest.mark.timeout(300)  # workers are started, ended and started again
OPENMETRICS = {"accept": "application/openmetrics-text;version=1.0.0"}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("workers")
    with pytest.MonkeyPatch.context() as patch, serving_shop(folder, patch, WORKERS) as server:
        eventually(lambda: value(samples(server), "asked") == 7)
        yield server


def serving_shop(folder: Path, patch: pytest.MonkeyPatch, workers: int, *options: str) -> Any:
    patch.setenv("TMPDIR", str(folder))  # where the workers' own folder is made
    return serving(folder, "--workers", str(workers), *options, app=SHOP)


def samples(server: Server) -> list[Sample]:
    answer = httpx2.get(f"http://127.0.0.1:{server.port}/metrics", headers=OPENMETRICS, timeout=20)
    assert answer.status_code == 200, answer.text
    return [s for family in text_string_to_metric_families(answer.text) for s in family.samples]


def value(found: list[Sample], name: str, **labels: str) -> float:
    return sum(s.value for s in found if s.name == name and labels.items() <= s.labels.items())


def requests(server: Server) -> float:
    return value(samples(server), "http_requests_total", handler="/sell/{number}", status="2xx")


def eventually(holds: Any, seconds: float = 120) -> None:
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, holds
        time.sleep(0.1)


def sell(server: Server, count: int) -> set[int]:
    """On a connection each, so that every worker has its share; the workers that answered.

    All are counted soon after, and none twice.
    """

    def one(number: int) -> int:
        for _ in range(50):
            try:
                answer = httpx2.get(f"http://127.0.0.1:{server.port}/sell/1", timeout=60)
            except httpx2.TransportError:
                time.sleep(0.05)  # a worker that ends hangs up before it has read anything
                continue
            assert answer.status_code == 200, answer.text
            return int(answer.text)
        raise AssertionError(f"request {number} found nobody")

    before = requests(server)
    with ThreadPoolExecutor(8) as pool:
        served = set(pool.map(one, range(count)))
    eventually(lambda: requests(server) >= before + count)
    assert requests(server) == before + count
    return served


def test_n_requests_are_n_whichever_worker_served_them(shop: Server) -> None:
    before = samples(shop)
    served = sell(shop, 120)
    assert len(served) > 1
    after = samples(shop)
    wanted = value(before, "http_requests_total", handler="/sell/{number}") + 120
    assert value(after, "http_request_duration_seconds_count", handler="/sell/{number}") == wanted
    assert value(after, "sold_total", what="tea") - value(before, "sold_total", what="tea") == 120
    assert value(after, "basket_sum") - value(before, "basket_sum") == 120
    assert value(after, "basket_count") - value(before, "basket_count") == 120


def test_exemplars_stand_on_the_histogram_of_all(shop: Server) -> None:
    sell(shop, 20)

    def traces() -> list[dict[str, str]]:
        return [
            sample.exemplar.labels
            for sample in samples(shop)
            if sample.name == "http_request_duration_seconds_bucket" and sample.exemplar
        ]

    eventually(traces)
    for labels in traces():
        assert re.fullmatch("[0-9a-f]{32}", labels["trace_id"])
        assert re.fullmatch("[0-9a-f]{16}", labels["span_id"])


def test_a_killed_worker_takes_no_count_along_and_its_gauges_go(shop: Server) -> None:
    sell(shop, 10)
    before = requests(shop)
    with pytest.raises(httpx2.TransportError):
        httpx2.get(f"http://127.0.0.1:{shop.port}/hang", timeout=20)
    # Dead, and its number no longer taken once its supervisor has noticed.
    eventually(lambda: value(samples(shop), "busy") == 0)
    assert requests(shop) == before
    sell(shop, 10)
    assert 0 < value(samples(shop), "version") <= 3 * WORKERS


def test_collectors_and_functions_report_for_all_and_a_broken_one_silences_none(
    shop: Server,
) -> None:
    eventually(lambda: value(samples(shop), "queue") == 2 * WORKERS)  # all there, all asked
    found = samples(shop)
    assert value(found, "sold_total", what="at the start") >= WORKERS  # each has counted one
    assert value(found, "asked") == 7
    assert value(found, "phase", phase="full") == 1
    assert value(found, "python_info") == 1
    memory = sum(worker.memory_info().rss for worker in psutil.Process(shop.process.pid).children())
    assert 0 < value(found, "process_resident_memory_bytes") <= memory * 1.5
    assert value(found, "sightline_telemetry_queue_capacity", signal="logs") == 16_384 * WORKERS
    failures = [event for event in shop.events() if event == "workers.collector_failed"]
    assert 1 <= len(failures) <= WORKERS + 2  # once for each worker there has been


def test_workers_that_end_after_their_requests_lose_none_and_leave_no_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving_shop(tmp_path, monkeypatch, 2, "--limit-max-requests", "20") as server:
        served = sell(server, 50)
        assert len(served) > 2  # some were replaced on the way
        (folder,) = tmp_path.glob("sightline-*/workers-*")

        def files() -> set[str]:
            samples(server)
            return {path.name for path in folder.glob("counter_*.db")}

        eventually(lambda: "counter_gone.db" in files() and len(files()) <= 4)
        assert server.end(signal.SIGTERM) < 20


def test_servers_that_fork_share_the_folder_they_are_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "shared"
    folder.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(folder))
    fork = """
if __name__ == "__main__":
    import socket, sys, uvicorn
    listener = socket.create_server(("127.0.0.1", int(sys.argv[1])), backlog=256)
    os.fork()
    uvicorn.Server(uvicorn.Config(app)).run(sockets=[listener])
"""
    with serving(tmp_path, command=["shop.py"], app=SHOP + fork) as server:
        assert len(sell(server, 60)) > 1
        # What was counted before the fork is the parent's, and there once.
        assert value(samples(server), "sold_total", what="at the start") == 1


def test_a_folder_that_cannot_be_shared_ends_the_start_with_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path / "absent"))
    with pytest.raises(TelemetryError, match=r"absent.*No such file.*Name a folder"):
        workers.join(CollectorRegistry())
