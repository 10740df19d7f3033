"""The running stack, started once for all tests, and what a client asks of it."""

import os
import time
from collections.abc import Iterator

import httpx2
import pytest
from covering import Count
from engine import Engine
from servers import RELEASES, find
from stores import Stores
from system import System
from traffic import Ledger, Traffic

STEADY_SECONDS = 90
SETTLE_SECONDS = 22  # a scrape, a push of payments, and Tempo's generator, which pushes each 15 s


@pytest.fixture(scope="session")
def servers() -> None:
    for name in ("prometheus", "loki", "otelcol"):
        find(RELEASES[name])


@pytest.fixture(scope="session")
def system(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System | Engine]:
    if os.environ.get("STACK") == "compose":
        engine = Engine()
        engine.start()
        yield engine
        return
    running = System(tmp_path_factory.mktemp("stack"), {"SIGHTLINE_FAULTS": "1"})
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def client() -> Iterator[httpx2.Client]:
    # Dropped before the services would, or a request could meet a closing connection.
    limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=2)
    with httpx2.Client(timeout=30, limits=limits) as made:
        yield made


@pytest.fixture(scope="session")
def stores(system: System | Engine, client: httpx2.Client) -> Stores:
    return Stores(system.url("prometheus"), system.url("loki"), system.url("tempo"), client)


@pytest.fixture(scope="session")
def traffic(system: System | Engine, client: httpx2.Client) -> Traffic:
    return Traffic(system.url("orders"), client)


@pytest.fixture(scope="session")
def ledger(system: System | Engine, traffic: Traffic) -> Ledger:
    """A minute and a half of steady traffic, every fault at some share, settled in the stores."""
    traffic.fault("errors", ratio=0.1)
    traffic.fault("payment-declined", ratio=0.25)
    traffic.fault("slow-db", delay_seconds=0.6, ratio=0.15)
    traffic.steady(STEADY_SECONDS)
    for name in ("errors", "payment-declined", "slow-db"):
        traffic.heal(name)
    time.sleep(SETTLE_SECONDS)
    return Ledger(list(traffic.ledger.sent))


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "covers(what): proves one thing of this kind")
    config.pluginmanager.register(Count())


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        item.add_marker(pytest.mark.timeout(600))  # the first of them starts servers and traffic
