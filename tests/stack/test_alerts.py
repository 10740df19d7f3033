"""Every alert fires on a real fault and clears after it, on rules with shortened windows."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import httpx2
import pytest
from boards import rules
from covering import covered
from otlp import line, metric, send, span
from servers import RELEASES, program
from stores import Stores
from system import System
from traffic import Traffic
from watching import Watch, background, faulty

pytestmark = pytest.mark.timeout(1500)  # the first test plays every fault
ALERTS = sorted(rule["alert"] for rule in rules() if "alert" in rule)
QUIET_SECONDS = 20
# So that a minute of trouble fills what holds hours of it, and a rule sees it.
SMALL = {
    "otel-collector": {"QUEUE_BYTES": "1500000"},
    "orders": {"OTEL_BLRP_MAX_QUEUE_SIZE": "512", "OTEL_BSP_MAX_QUEUE_SIZE": "2048"},
}
# Where nobody takes traces their queue would be stuck for good.
WITHOUT_TEMPO = {
    "orders": SMALL["orders"] | {"OTEL_TRACES_EXPORTER": "none"},
    "payments": {"OTEL_TRACES_EXPORTER": "none"},
}
# How fast a busy machine answers is not the rules' doing; rule_tests/ has their quiet case.
OF_THIS_MACHINE = {"LatencyBudgetBurnsFast", "LatencyBudgetBurnsSlowly"}


@pytest.fixture(scope="module")
def watch(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watch]:
    given = SMALL if program("tempo") else SMALL | WITHOUT_TEMPO
    folder = tmp_path_factory.mktemp("alerts")
    system = System(folder, {"SIGHTLINE_FAULTS": "1"}, given=given, shortened=True)
    limits = httpx2.Limits(max_connections=128, keepalive_expiry=2)
    try:
        system.start()
        with httpx2.Client(timeout=90, limits=limits) as client:
            traffic = Traffic(system.url("orders"), client)
            watch = Watch(Stores(system.url("prometheus"), system.url("loki"), "", client))
            with background(1, lambda: traffic.steady(2)):
                _play(system, traffic, watch)
            yield watch
    finally:
        system.stop()


def _play(system: System, traffic: Traffic, watch: Watch) -> None:
    """One fault after another, each until its alerts fire; then everything is well again."""
    watch.until(lambda: False, QUIET_SECONDS)
    watch.before_any_fault = set(watch.fired)
    _orders_fails_and_hangs(traffic, watch)
    _senders_misbehave(system, watch)
    _loki_is_away(system, watch)
    _the_collector_is_away(system, watch)
    watch.until_cleared(*ALERTS)


def _orders_fails_and_hangs(traffic: Traffic, watch: Watch) -> None:
    faults = {
        "errors": {"ratio": 0.4},
        "payment_declined": {},
        "slow_db": {"delay_seconds": 3.0},
    }
    with faulty(traffic, **faults), background(40, traffic.checkout):
        watch.until_fired(
            "PaymentsFail",
            "CheckoutsPileUp",
            "AvailabilityBudgetBurnsFast",
            "AvailabilityBudgetBurnsSlowly",
            "LatencyBudgetBurnsFast",
            "LatencyBudgetBurnsSlowly",
        )


def _senders_misbehave(system: System, watch: Watch) -> None:
    """Lines and traces too large for a store, and two series that a rule cannot tell apart."""
    discarding = {"CollectorLosesData", "LokiDiscardsLines", "PrometheusRulesFail"}
    if large_traces := "tempo" not in system.absent:
        discarding.add("TempoDiscardsSpans")
    endpoint, trace_id = system.url("otel-collector", 4318), uuid.uuid4().hex

    def misbehave() -> None:
        send(endpoint, "logs", line("x" * 300_000))
        if large_traces:
            send(endpoint, "traces", *(span(trace_id, "x" * 2000) for _ in range(400)))
        for name in ("a", "b"):
            labels = {"http.route": "/same", "handler": name}
            send(endpoint, "metrics", metric("http.server.request.duration", "s", labels))

    watch.until_fired(*discarding, meanwhile=misbehave)


def _loki_is_away(system: System, watch: Watch) -> None:
    endpoint = system.url("otel-collector", 4318)

    def fill_the_queue() -> None:
        send(endpoint, "logs", line("x" * 100_000))

    with _stopped(system, "loki"):
        watch.until_fired(
            "CollectorExporterStuck",
            "CollectorQueueFills",
            "CollectorRefusesData",
            meanwhile=fill_the_queue,
        )


def _the_collector_is_away(system: System, watch: Watch) -> None:
    with _stopped(system, "otel-collector"):
        watch.until_fired(
            "TargetDown", "PushedMetricsStopped", "ServiceCannotExport", "ServiceDropsTelemetry"
        )


@contextmanager
def _stopped(system: System, name: str) -> Iterator[None]:
    process = system.processes[name]
    process.stop()
    try:
        yield
    finally:
        process.start()
        process.await_ready()


def test_nothing_fires_while_all_is_well(watch: Watch) -> None:
    assert watch.before_any_fault - OF_THIS_MACHINE == set()


@pytest.mark.parametrize("alert", ALERTS)
@covered("alerts")
def test_an_alert_fires_and_clears(watch: Watch, alert: str) -> None:
    if alert == "TempoDiscardsSpans" and not program("tempo"):
        pytest.skip(f"tempo is not here. {RELEASES['tempo'].remedy}")
    assert alert in watch.fired
    assert alert in watch.cleared
