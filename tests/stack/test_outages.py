"""Stores are away under load, the Collector is killed: no request notices, nothing is lost."""

import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import httpx2
import pytest
from stores import Stores, eventually
from system import System
from traffic import Ledger, Traffic

OUTAGE_SECONDS = float(os.environ.get("OUTAGE_SECONDS", "120"))
AROUND_SECONDS = 15  # of load before and after the outage
STORES = ("loki", "tempo", "prometheus")


@dataclass(frozen=True)
class Outage:
    ledger: Ledger
    start: float
    end: float
    stores: Stores
    system: System

    @property
    def during(self) -> Ledger:
        return self.ledger.between(self.start, self.end)

    @property
    def before(self) -> Ledger:
        return self.ledger.between(0, self.start)


@pytest.fixture(scope="module")
def outage(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outage]:
    """All stores stop at once under load; half-way the Collector is killed and started again."""
    system = System(tmp_path_factory.mktemp("outage"))
    try:
        system.start()
        with httpx2.Client(timeout=30) as client, ThreadPoolExecutor(1) as background:
            traffic = Traffic(system.url("orders"), client)
            load = background.submit(traffic.steady, OUTAGE_SECONDS + 2 * AROUND_SECONDS)
            time.sleep(AROUND_SECONDS)
            start, end = _take_away(system)
            load.result()
            sent, charged = len(traffic.ledger), len(traffic.ledger.charged)
            print(f"{sent} requests, {charged} of them charged, {end - start:.0f} s without stores")
            stores = Stores(
                system.url("prometheus"), system.url("loki"), system.url("tempo"), client
            )
            yield Outage(traffic.ledger, start, end, stores, system)
    finally:
        system.stop()


def _take_away(system: System) -> tuple[float, float]:
    away = [system.processes[name] for name in STORES if name in system.processes]
    collector = system.processes["otel-collector"]
    start = time.time()
    for store in away:
        store.stop()
    time.sleep(max(0.0, start + OUTAGE_SECONDS / 2 - time.time()))
    collector.kill()
    collector.start()
    collector.await_ready()
    time.sleep(max(0.0, start + OUTAGE_SECONDS - time.time()))
    for store in away:
        store.start()
    for store in away:
        store.await_ready()
    return start, time.time()


def test_no_request_fails(outage: Outage) -> None:
    assert len(outage.during) > OUTAGE_SECONDS * 8
    assert not outage.ledger.failed.sent


def test_no_request_slows_down(outage: Outage) -> None:
    assert _p95(outage.during) < max(0.25, 3 * _p95(outage.before))


@pytest.mark.parametrize("service", ["orders", "payments"])
def test_every_line_is_there_afterwards(outage: Outage, service: str) -> None:
    asked = outage.ledger.charged if service == "payments" else outage.ledger
    wanted = {one.request_id for one in asked.sent}
    query = f'{{service_name="{service}"}} |~ "^http.request$"'
    first = outage.ledger.sent[0].at - 5

    def missing() -> set[str]:
        return wanted - {line["request_id"] for line in outage.stores.logs(query, first)}

    _drained(missing)
    lines = Counter(line["request_id"] for line in outage.stores.logs(query, first))
    assert {name for name, count in lines.items() if count > 1} == set()


@pytest.mark.parametrize("service", ["orders", "payments"])
def test_every_server_span_is_there_afterwards(outage: Outage, service: str) -> None:
    outage.system.require("tempo")
    asked = outage.ledger.charged if service == "payments" else outage.ledger
    query = f'{{ resource.service.name = "{service}" && kind = server }}'
    first, last = outage.ledger.sent[0].at - 5, outage.ledger.sent[-1].at + 5

    def missing() -> int:
        found = outage.stores.search(query, first, last, limit=10_000)
        return len(asked) - sum(trace["spanSet"]["matched"] for trace in found)

    _drained(missing)
    assert missing() == 0


def test_pushed_metrics_of_the_outage_are_there_afterwards(outage: Outage) -> None:
    """payments pushes each 5 s; the Collector kept what Prometheus could not take."""
    seconds = int(outage.end - outage.start)
    query = (
        f'max(count_over_time(http_server_active_requests{{service_name="payments"}}[{seconds}s]))'
    )

    def missing() -> bool:
        return outage.stores.number(query, outage.end) < 0.8 * seconds / 5

    _drained(missing)


def _drained(missing: object) -> None:
    """Waits for what the queue still held; says how much never came."""
    eventually(lambda: not missing(), 60, "the rest of what waited")  # type: ignore[operator]


def _p95(ledger: Ledger) -> float:
    return sorted(one.seconds for one in ledger.sent)[int(len(ledger) * 0.95)]
