"""`sightline doctor` on the real servers: each is broken on purpose, and named by hop and remedy.

Grafana alone is a stand-in that answers its published API from the real stores.
"""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from composed import ROOT
from covering import covered
from patients import Patients, clock_off
from system import System

Inflict = Callable[[Patients], AbstractContextManager[Any]]
CLOSED = "http://127.0.0.1:1"


@pytest.fixture(scope="module")
def patients(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Patients]:
    made = Patients(System(tmp_path_factory.mktemp("patients"), {"SIGHTLINE_FAULTS": "1"}))
    try:
        made.system.start()
        yield made
    finally:
        made.grafana.close()
        made.system.stop()


def without(name: str) -> Inflict:
    return lambda patients: patients.without(name)


def hanging(name: str) -> Inflict:
    return lambda patients: patients.hanging(name)


def otherwise(name: str, env: dict[str, str] | None = None, **words: str) -> Inflict:
    return lambda patients: patients.otherwise(name, env, **words)


def overlaid(overlay: dict[str, Any]) -> Inflict:
    return lambda patients: patients.overlaid(overlay)


def bent(how: Callable[[Any], object]) -> Inflict:
    @contextmanager
    def bend(patients: Patients) -> Iterator[None]:
        with patients.bent() as grafana:
            how(grafana)
            yield

    return bend


TINY_MEMORY = {"check_interval": "100ms", "limit_mib": 2, "spike_limit_mib": 1}

# What is done, and of what is said: the hop, words of the cause, words of the remedy.
BREAKAGES: dict[str, tuple[Inflict, str, str, str]] = {
    "orders is down": (
        without("orders"),
        "service",
        "orders is not running",
        "docker compose up --wait orders",
    ),
    "payments is down": (
        without("payments"),
        "request",
        "payments is down",
        "docker compose up --wait payments",
    ),
    "every request fails": (
        lambda patients: patients.fault("errors"),
        "request",
        "a fault in orders itself",
        "docker compose logs --tail 50 orders",
    ),
    "no request is traced": (
        otherwise("orders", {"OTEL_TRACES_SAMPLER": "always_off"}),
        "exemplars",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER=parentbased_always_on docker compose up --wait orders",
    ),
    "the level hides the line": (
        otherwise("orders", {"LOG_LEVEL": "ERROR"}),
        "line on stdout",
        "LOG_LEVEL hides",
        "LOG_LEVEL=INFO docker compose up --wait orders",
    ),
    "the Collector is down": (
        without("otel-collector"),
        "OTLP endpoint",
        "the Collector is not running",
        "docker compose up --wait otel-collector",
    ),
    "the Collector has no memory left": (
        overlaid({"processors": {"memory_limiter": TINY_MEMORY}}),
        "OTLP endpoint",
        "its memory limit is reached",
        "docker compose logs --tail 50 otel-collector",
    ),
    "orders sends to where nobody listens": (
        otherwise("orders", {"OTEL_EXPORTER_OTLP_ENDPOINT": CLOSED}),
        "export",
        "OTEL_EXPORTER_OTLP_ENDPOINT names another address",
        "docker compose up --wait --force-recreate orders",
    ),
    "Prometheus is down": (
        without("prometheus"),
        "metrics store",
        "Prometheus is not running",
        "docker compose up --wait prometheus",
    ),
    "Loki hangs": (
        hanging("loki"),
        "log store",
        "Loki hangs",
        "docker compose restart loki",
    ),
    "Tempo hangs": (
        hanging("tempo"),
        "trace store",
        "Tempo hangs",
        "docker compose restart tempo",
    ),
    "Prometheus has no target for orders": (
        lambda patients: patients.targeting(None),
        "scrape",
        "in no list of targets",
        "add to prometheus/targets.yml: - {targets: [orders:",
    ),
    "Prometheus scrapes the wrong port": (
        lambda patients: patients.targeting("127.0.0.1:1"),
        "scrape",
        "the target's address is wrong",
        "prometheus/targets.yml",
    ),
    "Prometheus scrapes another process": (
        lambda patients: patients.scraping_another(),
        "metric stored",
        "of another process than the one that answered",
        "grep http_requests_total",
    ),
    "the Collector does not reach Loki": (
        otherwise("otel-collector", {"LOKI_URL": CLOSED}),
        "Collector hands on",
        "LOKI_URL",
        "docker compose logs --tail 50 otel-collector",
    ),
    "the Collector does not reach the trace store": (
        otherwise("otel-collector", {"TRACES_ENDPOINT": "127.0.0.1:1"}),
        "Collector hands on",
        "TRACES_ENDPOINT",
        "docker compose logs --tail 50 otel-collector",
    ),
    "Prometheus takes no OTLP": (
        otherwise("prometheus", less="--web.enable-otlp-receiver"),
        "Collector hands on",
        "Prometheus refuses them for good",
        "docker compose logs --tail 50 otel-collector",
    ),
    "payments pushes no metrics": (
        otherwise("payments", {"OTEL_METRICS_EXPORTER": "none"}),
        "pushed metric stored",
        "OTEL_METRICS_EXPORTER=none",
        "OTEL_METRICS_EXPORTER=otlp docker compose up --wait payments",
    ),
    "the logs pipeline ends elsewhere": (
        lambda patients: patients.ending_elsewhere("logs"),
        "line stored",
        "logs pipeline does not end in this Loki",
        "docker compose logs --tail 50 otel-collector",
    ),
    "the traces pipeline ends elsewhere": (
        lambda patients: patients.ending_elsewhere("traces"),
        "trace stored",
        "traces pipeline does not end in this store",
        "docker compose logs --tail 50 otel-collector",
    ),
    "Grafana's database is lost": (
        bent(lambda grafana: setattr(grafana, "database", "failing")),
        "Grafana",
        "own database",
        "docker compose logs --tail 50 grafana",
    ),
    "Grafana has no Loki": (
        bent(lambda grafana: grafana.sources.pop("loki")),
        "data sources",
        "grafana/provisioning/datasources was not read",
        "docker compose restart grafana",
    ),
    "Grafana does not reach Tempo": (
        bent(lambda grafana: grafana.sources["tempo"].update(url=CLOSED)),
        "data sources",
        "Grafana does not reach tempo",
        "docker compose logs --tail 50 grafana",
    ),
    "Grafana's links from lines are lost": (
        bent(lambda grafana: grafana.sources["loki"]["jsonData"].update(derivedFields=[])),
        "log → trace",
        "lost its derived fields",
        "git checkout grafana/provisioning/datasources/loki.yml",
    ),
    "Grafana's links to lines name another label": (
        bent(
            lambda grafana: grafana.sources["tempo"]["jsonData"]["tracesToLogsV2"].update(
                tags=[{"key": "service.name", "value": "service"}]
            )
        ),
        "trace → logs",
        "lost its tracesToLogsV2",
        "git checkout grafana/provisioning/datasources/tempo.yml",
    ),
    "Prometheus keeps no exemplars": (
        otherwise("prometheus", less="--enable-feature=exemplar-storage"),
        "exemplar → trace",
        "--enable-feature=exemplar-storage is missing",
        "docker compose up --wait --force-recreate prometheus",
    ),
    "Grafana's links from exemplars name another label": (
        bent(
            lambda grafana: grafana.sources["prometheus"]["jsonData"].update(
                exemplarTraceIdDestinations=[{"name": "traceID", "datasourceUid": "tempo"}]
            )
        ),
        "exemplar → trace",
        "looks for another name",
        "git checkout grafana/provisioning/datasources/prometheus.yml",
    ),
    "a dashboard is not there": (
        bent(lambda grafana: grafana.boards.pop("slo")),
        "dashboards",
        "grafana/dashboards was not read",
        "docker compose restart grafana",
    ),
    "a panel asks for what nobody exposes": (
        bent(
            lambda grafana: grafana.boards["service"]["panels"][0]["targets"][0].update(
                expr="sum(rate(otelcol_receiver_accepted_spans[1m]))"
            )
        ),
        "panels",
        "otel-collector exposes no otelcol_receiver_accepted_spans",
        "docker compose logs --tail 50 otel-collector",
    ),
}


def states(document: dict[str, Any]) -> dict[str, str]:
    return {hop["hop"]: hop["state"] for hop in document["hops"]}


def assert_named(document: dict[str, Any], code: int, hop: str, cause: str, remedy: str) -> None:
    assert document["broken"] == hop, document
    assert code == 1
    found = next(one for one in document["hops"] if one["state"] == "broken")
    assert cause in found["cause"], found
    assert remedy in found["remedy"], found
    names = list(states(document))
    before, after = names[: names.index(hop)], names[names.index(hop) + 1 :]
    assert {states(document)[name] for name in after} <= {"not asked"}
    assert {states(document)[name] for name in before} <= {"ok"}, document


def test_every_hop_of_a_healthy_stack_holds(patients: Patients) -> None:
    code, document = patients.doctor()
    if "tempo" in patients.system.absent:
        # The viewer keeps the traces here; the panels of what only Tempo counts tell.
        assert_named(document, code, "panels", "empo", "docker compose")
        return
    assert set(states(document).values()) == {"ok"}, document
    assert code == 0


@pytest.mark.parametrize("name", BREAKAGES)
@covered("breakages named by doctor")
def test_a_breakage_is_named_with_hop_cause_and_remedy(patients: Patients, name: str) -> None:
    inflict, *wanted = BREAKAGES[name]
    with inflict(patients):
        code, document = patients.doctor()
    assert_named(document, code, *wanted)


@covered("breakages named by doctor")
def test_grafana_that_is_down_is_named(patients: Patients) -> None:
    code, document = patients.doctor(SIGHTLINE_PORT="1")
    assert_named(
        document, code, "Grafana", "Grafana is not running", "docker compose up --wait grafana"
    )


@covered("breakages named by doctor")
def test_a_clock_that_is_off_is_named(patients: Patients) -> None:
    with clock_off(patients.system.url("loki"), -90) as port:
        code, document = patients.doctor(LOKI_PORT=str(port))
    assert_named(document, code, "clocks", "the clock of the machine that loki", "set-ntp")


def test_tail_sampling_keeps_the_marked_trace(patients: Patients) -> None:
    overlay = ROOT / "otel-collector" / "tail-sampling.yaml"
    none = {"TAIL_SAMPLING_PERCENT": "0.000001"}
    with patients.otherwise("otel-collector", none, more=f"--config={overlay}"):
        _, document = patients.doctor("--wait=20")
    assert states(document)["trace stored"] == "ok", document


def test_what_is_not_named_and_not_there_is_not_checked(patients: Patients) -> None:
    """A stranger's stores by address, a service of the user's own, the Collector by Prometheus."""
    system = patients.system
    code, document = patients.doctor(
        f"--url={system.url('orders')}/orders",
        f"--prometheus={system.url('prometheus')}",
        f"--loki={system.url('loki')}",
        f"--tempo={system.url('tempo')}",
        f"--collector={CLOSED}",
        SIGHTLINE_PORT="1",
    )
    found = states(document)
    assert code == 0, document
    unchecked = {"pushed metric stored", "Grafana", "data sources", "dashboards", "panels"}
    assert {name for name, state in found.items() if state == "not checked"} == unchecked
    assert {found[name] for name in found if name not in unchecked} == {"ok"}
