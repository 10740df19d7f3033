"""The running stack, started once for all tests, and what a client asks of it."""

from collections.abc import Iterator

import httpx2
import pytest
from servers import RELEASES, find
from stores import Stores
from system import System


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    for name in ("prometheus", "loki", "otelcol"):
        find(RELEASES[name])
    running = System(tmp_path_factory.mktemp("stack"))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(scope="session")
def client() -> Iterator[httpx2.Client]:
    with httpx2.Client(timeout=30) as made:
        yield made


@pytest.fixture(scope="session")
def stores(system: System, client: httpx2.Client) -> Stores:
    return Stores(system.url("prometheus"), system.url("loki"), system.url("tempo"), client)
