"""Tail sampling, by one setting: errors and slow traces are kept, and a share of the others."""

import time
from pathlib import Path

import httpx2
import pytest
from drawn import draw_up
from stores import Stores, eventually
from system import System
from traffic import Sent, Traffic

DECISION_SECONDS = 10  # of otel-collector/tail-sampling.yaml


def trace_id(stores: Stores, sent: Sent) -> str:
    query = f'{{service_name="orders"}} |~ "^http.request$" | request_id="{sent.request_id}"'
    return str(eventually(lambda: stores.logs(query, sent.at - 60))[0]["trace_id"])


@pytest.mark.usefixtures("servers")
def test_tail_sampling_keeps_what_failed_or_was_slow_and_the_ledger_judges_by_it(
    tmp_path: Path, client: httpx2.Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {
        "SIGHTLINE_FAULTS": "1",
        "TAIL_SAMPLING": "on",
        "TAIL_SAMPLING_PERCENT": "0.000001",
    }
    system = System(tmp_path, settings)
    try:
        system.require("tempo")
        system.start()
        traffic = Traffic(system.url("orders"), client)
        stores = Stores("", system.url("loki"), system.url("tempo"), client)
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
        for name in ("TAIL_SAMPLING", "TAIL_SAMPLING_PERCENT"):  # as make load gets them of .env
            monkeypatch.setenv(name, settings[name])
        drawn = draw_up(system, tmp_path, 6)
        assert drawn.code == 0, drawn.output
        assert drawn.total("orders", "spans") < drawn.total("orders", "answered")
        assert drawn.total("orders", "lines") == drawn.total("orders", "answered")
        assert "Traces are sampled" in drawn.output
    finally:
        system.stop()
