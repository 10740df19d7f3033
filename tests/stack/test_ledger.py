"""Whatever is killed on the path, the ledger of a run is equal or says exactly what is lost."""

import os
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from drawn import RATE, Drawn, draw_up
from stores import Stores, eventually
from system import System
from traffic import Traffic
from viewer_in_place import ViewerInPlace

pytestmark = pytest.mark.skipif(
    os.environ.get("STACK") == "compose", reason="stops processes of its own"
)


@pytest.fixture(scope="module")
def running(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    system = System(tmp_path_factory.mktemp("ledger"))
    try:
        system.start()
        system.require("tempo")
        _await_payments(system)
        yield system
    finally:
        system.stop()


def _await_payments(system: System) -> None:
    """It pushes each five seconds once it was asked: killed before, nobody knows that it was."""
    with httpx2.Client(timeout=30) as client:
        Traffic(system.url("orders"), client).steady(2)
    _await(system, 'target_info{job=~"(.*/)?payments"}')


def _await(system: System, series: str) -> None:
    with httpx2.Client(timeout=30) as client:
        stores = Stores(*map(system.url, ("prometheus", "loki", "tempo")), client)
        eventually(lambda: stores.number(f"count({series})") > 0, 60, series)


def restart(system: System, *names: str, away: float = 0) -> None:
    for name in names:
        system.processes[name].kill()
    time.sleep(away)
    for name in names:
        system.processes[name].start()
        system.processes[name].await_ready()


def test_with_stores_away_and_the_collector_killed_in_the_middle_it_is_equal(
    running: System, tmp_path: Path
) -> None:
    stores = [running.processes[name] for name in ("loki", "tempo", "prometheus")]

    def take_away() -> None:
        for store in stores:
            store.stop()
        restart(running, "otel-collector", away=2)
        for store in stores:
            store.start()
            store.await_ready()

    drawn = draw_up(running, tmp_path, 20, take_away)
    assert drawn.code == 0, drawn.output
    assert drawn.ledger["equal"]
    assert drawn.total("orders", "answered") == drawn.ledger["sent"] > 15 * RATE
    for column in ("counter", "spans", "lines"):
        assert drawn.total("orders", column) == drawn.total("orders", "answered")
        assert drawn.total("payments", column) == drawn.total("payments", "answered") > 0


def test_with_orders_killed_in_the_middle_it_says_what_was_lost_and_at_which_hop(
    running: System, tmp_path: Path
) -> None:
    drawn = draw_up(running, tmp_path, 15, lambda: restart(running, "orders"), wait="15")
    assert_each_difference_is_named(drawn)
    assert drawn.hops <= {"client → orders", "orders → collector", "orders → store"}
    if drawn.total("orders", "answered") > drawn.total("orders", "counter"):
        lost = drawn.finding("orders → store", "counter of orders")
        assert "was restarted at" in lost["why"]


def test_with_payments_killed_in_the_middle_it_says_what_of_its_charges_is_missing(
    running: System, tmp_path: Path
) -> None:
    drawn = draw_up(running, tmp_path, 15, lambda: restart(running, "payments"), wait="15")
    assert_each_difference_is_named(drawn)
    # Orders itself answers for all: whatever it answered is counted, traced and written down.
    assert drawn.total("orders", "answered") == drawn.ledger["sent"]
    for column in ("counter", "spans", "lines"):
        assert drawn.total("orders", column) == drawn.total("orders", "answered")
    assert drawn.hops <= {"orders → payments", "payments → collector", "payments → store"}
    for lost in drawn.ledger["findings"]:
        assert lost["what"].endswith("of payments")
        assert "payments was restarted at" in lost["why"]


def test_with_the_viewer_killed_in_the_middle_it_is_equal_or_says_what_it_had_not_kept(
    tmp_path: Path,
) -> None:
    system = ViewerInPlace(tmp_path)
    try:
        system.start()
        drawn = draw_up(system, tmp_path, 15, lambda: restart(system, "viewer"), wait="15")
    finally:
        system.stop()
    assert_each_difference_is_named(drawn)
    assert drawn.total("orders", "answered") == drawn.ledger["sent"]
    # Counters outlive it in the services, so that none is missing.
    assert drawn.total("orders", "counter") == drawn.total("orders", "answered")
    assert drawn.hops <= {"viewer → its store"}


def assert_each_difference_is_named(drawn: Drawn) -> None:
    """With the very amount that the table shows; where there is none, it is equal."""
    assert (drawn.code == 0) == drawn.ledger["equal"] == (drawn.ledger["findings"] == [])
    unanswered = drawn.ledger["sent"] - drawn.ledger["answered"]
    if unanswered:
        assert drawn.finding("client → orders", "answers of orders")["amount"] == -unanswered
    for service in ("orders", "payments"):
        for column in ("counter", "spans", "lines"):
            amount = drawn.total(service, column) - drawn.total(service, "answered")
            amount += sum(
                event[column] - event["wanted"]
                for event in drawn.ledger["events"]
                if event["service"] == service and event.get(column) is not None
            )
            told = [
                one["amount"]
                for one in drawn.ledger["findings"]
                if one["what"] == f"{column} of {service}"
            ]
            assert sum(told) == amount, drawn.output


def test_with_sampling_the_spans_are_judged_within_its_bounds(
    running: System, tmp_path: Path
) -> None:
    orders = running.processes["orders"]
    always = orders.env
    orders.env = {
        **always,
        "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
        "OTEL_TRACES_SAMPLER_ARG": "0.3",
    }
    began = time.time()
    restart(running, "orders")
    _await(running, f'process_start_time_seconds{{job="orders"}} > {began - 1}')
    try:
        drawn = draw_up(running, tmp_path, 10, sampled="0.3")
    finally:
        orders.env = always
        restart(running, "orders")
    assert drawn.code == 0, drawn.output
    answered = drawn.total("orders", "answered")
    assert 0 < drawn.total("orders", "spans") < answered
    assert drawn.total("orders", "lines") == drawn.total("orders", "counter") == answered
    assert "Traces are sampled (0.3 of all)" in drawn.output
