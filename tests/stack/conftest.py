"""The running stack, started once for all tests, and what a client asks of it."""

import time
from collections.abc import Iterator
from functools import partial

import httpx2
import pytest
import stacks
from covering import Count
from stores import Patience, Stores, eventually
from traffic import Ledger, Traffic

STEADY_SECONDS = 90
collect_ignore = [] if stacks.asked() == ["compose"] else ["compose"]
SETTLE_SECONDS = 22  # a scrape, a push of payments, and Tempo's generator, which pushes each 15 s


@pytest.fixture(scope="session")
def servers() -> None:
    stacks.find_servers()


@pytest.fixture(scope="session", params=stacks.asked())
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[stacks.Stack]:
    running = stacks.make(request.param, tmp_path_factory.mktemp(request.param))
    try:
        running.start()
        yield running
    finally:
        running.stop()


@pytest.fixture(autouse=True)
def _no_patience_for_what_cannot_come(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if stacks.cannot(request.node):
        monkeypatch.setattr(Patience, "seconds", 1)


@pytest.fixture(scope="session")
def client() -> Iterator[httpx2.Client]:
    # Dropped before the services would, or a request could meet a closing connection.
    limits = httpx2.Limits(max_connections=64, max_keepalive_connections=64, keepalive_expiry=2)
    with httpx2.Client(timeout=30, limits=limits) as made:
        yield made


@pytest.fixture(scope="session")
def stores(system: stacks.Stack, client: httpx2.Client) -> Stores:
    return Stores(system.url("prometheus"), system.url("loki"), system.url("tempo"), client)


@pytest.fixture(scope="session")
def traffic(system: stacks.Stack, client: httpx2.Client) -> Traffic:
    return Traffic(system.url("orders"), client)


@pytest.fixture(scope="session")
def ledger(system: stacks.Stack, traffic: Traffic, stores: Stores) -> Ledger:
    """A minute and a half of steady traffic, every fault at some share, settled in the stores."""
    traffic.fault("errors", ratio=0.1)
    traffic.fault("payment-declined", ratio=0.25)
    traffic.fault("slow-db", delay_seconds=0.6, ratio=0.15)
    traffic.steady(STEADY_SECONDS)
    for name in ("errors", "payment-declined", "slow-db"):
        traffic.heal(name)
    time.sleep(SETTLE_SECONDS)
    sent = Ledger(list(traffic.ledger.sent))
    _await_all(sent, system, stores)
    return sent


def _await_all(sent: Ledger, system: stacks.Stack, stores: Stores) -> None:
    """Every line and span can be found, and Tempo has counted it, however busy this machine is."""
    for service, asked in {"orders": sent, "payments": sent.charged}.items():
        eventually(partial(_lines_are_there, stores, service, asked), 90, f"lines of {service}")
        if "tempo" in system.scraped:
            eventually(
                partial(_spans_are_counted, stores, service, asked), 90, f"spans of {service}"
            )


def _lines_are_there(stores: Stores, service: str, asked: Ledger) -> bool:
    query = f'{{service_name="{service}"}} |~ "^http.request$"'
    found = {line.get("request_id") for line in stores.logs(query, asked.sent[0].at - 5)}
    return {one.request_id for one in asked.sent} <= found


def _spans_are_counted(stores: Stores, service: str, asked: Ledger) -> bool:
    calls = f'traces_spanmetrics_calls_total{{service="{service}",span_kind="SPAN_KIND_SERVER"}}'
    return stores.number(f"sum({calls})") >= len(asked)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "covers(what): proves one thing of this kind")
    config.pluginmanager.register(Count())


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    items.sort(key=stacks.turn)
    if aside := [item for item in items if stacks.is_aside(item)]:
        items[:] = [item for item in items if item not in aside]
        config.hook.pytest_deselected(items=aside)
    stacks.require_questions_for_the_list(config, items)
    for item in items:
        if reason := stacks.cannot(item):
            item.add_marker(pytest.mark.xfail(reason=reason, strict=True))
        if not item.get_closest_marker("timeout"):
            item.add_marker(pytest.mark.timeout(600))  # the first starts servers and traffic
