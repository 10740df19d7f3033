"""Services do not need their telemetry to be received, and it flows again when it is."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import System, eventually, run_system


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[System]:
    yield from run_system(tmp_path, only=("payments", "orders"))


def test_orders_are_placed_and_logged_without_a_receiver_and_seen_once_it_is_there(
    alone: System,
) -> None:
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    assert alone.checkout(headers).status_code == 201
    written = alone.supervisor.log_path("orders").read_text()
    assert written.count(trace_id) >= 2  # the event and the access line

    alone.supervisor.start(alone.programs["viewer"])
    alone.supervisor.wait_ready(30)
    eventually(lambda: _placed_and_seen(alone), 40, "a trace after the receiver came back")


def _placed_and_seen(system: System) -> bool:
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    assert system.checkout(headers).status_code == 201
    spans = eventually(lambda: system.spans(trace_id) or ["none yet"], 1)
    return spans != ["none yet"]
