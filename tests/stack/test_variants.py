"""What one setting changes: Jaeger in Tempo's place, and tail sampling."""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2
import pytest
from stores import Stores, eventually
from system import System
from traffic import Sent, Traffic

pytestmark = pytest.mark.skipif(
    os.environ.get("STACK") == "compose", reason="starts processes of its own"
)
DECISION_SECONDS = 10  # of otel-collector/tail-sampling.yaml


@contextmanager
def running(
    folder: Path, client: httpx2.Client, settings: dict[str, str]
) -> Iterator[tuple[System, Traffic, Stores]]:
    system = System(folder, {"SIGHTLINE_FAULTS": "1", **settings})
    try:
        system.start()
        yield (
            system,
            Traffic(system.url("orders"), client),
            Stores(system.url("prometheus"), system.url("loki"), system.url("tempo"), client),
        )
    finally:
        system.stop()


def trace_id(stores: Stores, sent: Sent) -> str:
    query = f'{{service_name="orders"}} |~ "^http.request$" | request_id="{sent.request_id}"'
    return str(eventually(lambda: stores.logs(query, sent.at - 60))[0]["trace_id"])


@pytest.mark.usefixtures("servers")
def test_jaeger_keeps_the_trace_that_a_line_leads_to(tmp_path: Path, client: httpx2.Client) -> None:
    with running(tmp_path, client, {"TRACE_STORE": "jaeger"}) as (system, traffic, stores):
        system.require("jaeger")
        found = trace_id(stores, traffic.checkout())
        url = f"{system.url('jaeger')}/api/traces/{found}"
        answer = eventually(lambda: _known(client.get(url)))
        services = {process["serviceName"] for process in answer["processes"].values()}
        assert services == {"orders", "payments"}
        eventually(lambda: stores.promql('up{job="jaeger"} == 1'))
        assert not stores.promql('up{job="tempo"}')


def _known(answer: httpx2.Response) -> dict[str, dict[str, dict[str, str]]]:
    found = (answer.json().get("data") or [{}])[0] if answer.status_code == 200 else {}
    return dict(found) if len(found.get("processes", {})) == 2 else {}


@pytest.mark.usefixtures("servers")
def test_tail_sampling_keeps_what_failed_or_was_slow(tmp_path: Path, client: httpx2.Client) -> None:
    settings = {"TAIL_SAMPLING": "on", "TAIL_SAMPLING_PERCENT": "0.000001"}
    with running(tmp_path, client, settings) as (system, traffic, stores):
        system.require("tempo")
        usual = [trace_id(stores, traffic.checkout()) for _ in range(3)]
        traffic.fault("errors")
        failed = trace_id(stores, traffic.checkout())
        traffic.heal("errors")
        traffic.fault("slow-db", delay_seconds=0.7)
        slow = trace_id(stores, traffic.checkout())
        traffic.heal("slow-db")
        decided = time.monotonic() + DECISION_SECONDS
        eventually(lambda: stores.trace(failed) and stores.trace(slow))
        eventually(lambda: time.monotonic() > decided + 5, DECISION_SECONDS + 10)
        assert [each for each in usual if stores.trace(each)] == []
