"""Loki, Tempo and the viewer side by side, started once, with the same lines and spans."""

import time
from collections.abc import Iterator

import fabricated_lines
import fabricated_spans
import httpx2
import pytest
from servers import RELEASES, find
from side_by_side import SideBySide
from stores import Stores, eventually

SEED = 20261125


@pytest.fixture(scope="session")
def now() -> int:
    return time.time_ns()


@pytest.fixture(scope="session")
def window(now: int) -> tuple[int, int]:
    """Whole seconds around everything that is sent."""
    second = now // 10**9
    return (second - 25 * 60) * 10**9, second * 10**9


@pytest.fixture(scope="session")
def beside(
    now: int, client: httpx2.Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SideBySide]:
    find(RELEASES["loki"])
    running = SideBySide(tmp_path_factory.mktemp("languages"))
    try:
        running.start()
        lines = fabricated_lines.fabricated(SEED, now)
        running.send_lines(lines)
        _await_lines(running, client, fabricated_lines.LINES)
        if "tempo" not in running.absent:
            running.send_spans(fabricated_spans.fabricated(SEED, now))
            _await_traces(running, client, fabricated_spans.TRACES)
        yield running
    finally:
        running.stop()


def _await_lines(running: SideBySide, client: httpx2.Client, count: int) -> None:
    query = '{service_name=~".+"}'
    for stores in (running.real(client), running.ours(client)):
        eventually(lambda asked=stores: len(asked.logs(query)) == count, 60, "every line")


def _await_traces(running: SideBySide, client: httpx2.Client, count: int) -> None:
    end = time.time()
    for stores in (running.real(client), running.ours(client)):
        eventually(
            lambda asked=stores: len(asked.search("{ }", end - 1800, end, 1000)) == count,
            90,
            "every trace",
        )


@pytest.fixture
def real(beside: SideBySide, client: httpx2.Client) -> Stores:
    return beside.real(client)


@pytest.fixture
def ours(beside: SideBySide, client: httpx2.Client) -> Stores:
    return beside.ours(client)
