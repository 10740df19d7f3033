"""Services do not need their telemetry to be received, and it flows again when it is."""

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from running_system import System, eventually, run_system


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[System]:
    yield from run_system(tmp_path, only=("payments", "orders"))


def test_orders_are_placed_and_logged_without_a_receiver_and_seen_once_it_is_there(
    alone: System,
) -> None:
    trace_id = secrets.token_hex(16)
    headers = {"traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01"}
    assert alone.checkout(headers).status_code == 201
    lines = alone.supervisor.log_path("orders")
    # The event and the access line, written within moments beside the request.
    eventually(lambda: lines.read_text().count(trace_id) >= 2, what="both lines")

    alone.supervisor.start(alone.programs["viewer"])
    alone.supervisor.wait_ready(30)
    # What waited in the bounded queue arrives, and so does what comes after.
    eventually(lambda: alone.spans(trace_id), 40, "the trace of before")
    later = secrets.token_hex(16)
    headers = {"traceparent": f"00-{later}-{secrets.token_hex(8)}-01"}
    assert alone.checkout(headers).status_code == 201
    eventually(lambda: alone.spans(later), what="the trace of after")
