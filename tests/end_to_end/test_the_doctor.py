"""`sightline doctor` on the demo: every hop holds, and each breakage is named by hop and remedy."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from ward import Ward

SECRET = "a-token-or-key-of-sufficient-length"
Inflict = Callable[[Ward], AbstractContextManager[None]]


@pytest.fixture(scope="module")
def ward(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ward]:
    made = Ward(tmp_path_factory.mktemp("ward"))
    try:
        for program in made.programs.values():
            made.start(program)
        yield made
    finally:
        made.close()


# What is done, and of what is said: the hop, words of the cause, words of the remedy.
BREAKAGES: dict[str, tuple[Inflict, str, str, str]] = {
    "orders is down": (
        lambda ward: ward.without("orders"),
        "service",
        "orders is not running",
        "make demo",
    ),
    "payments is down": (
        lambda ward: ward.without("payments"),
        "request",
        "payments is down",
        "make demo",
    ),
    "every request fails": (
        lambda ward: ward.fault("errors"),
        "request",
        "a fault in orders itself",
        "logs/orders.log",
    ),
    "no request is traced": (
        lambda ward: ward.otherwise("orders", {"OTEL_TRACES_SAMPLER": "always_off"}),
        "exemplars",
        "OTEL_TRACES_SAMPLER",
        "OTEL_TRACES_SAMPLER=parentbased_always_on make demo",
    ),
    "the level hides the line": (
        lambda ward: ward.otherwise("orders", {"LOG_LEVEL": "ERROR"}),
        "line on stdout",
        "LOG_LEVEL hides",
        "LOG_LEVEL=INFO make demo",
    ),
    "lines are for people": (
        lambda ward: ward.otherwise("orders", {"LOG_FORMAT": "console"}),
        "line on stdout",
        "LOG_FORMAT=console",
        "LOG_FORMAT=json make demo",
    ),
    "the viewer is down": (
        lambda ward: ward.without("viewer"),
        "OTLP endpoint",
        "neither the viewer nor a Collector runs",
        "make demo",
    ),
    "the viewer takes OTLP at another port": (
        lambda ward: ward.otherwise(
            "viewer", argv=(str(ward.ports.otlp_http), str(ward.elsewhere.otlp_http))
        ),
        "OTLP endpoint",
        "at another port (SIGHTLINE_OTLP_HTTP_PORT)",
        "make demo",
    ),
    "the viewer wants a key": (
        lambda ward: ward.otherwise("viewer", {"SIGHTLINE_OTLP_KEYS": SECRET}),
        "OTLP endpoint",
        "it takes only what carries its key",
        "OTEL_EXPORTER_OTLP_HEADERS=",
    ),
    "orders exports no logs": (
        lambda ward: ward.otherwise("orders", {"OTEL_LOGS_EXPORTER": "none"}),
        "export",
        "OTEL_LOGS_EXPORTER=none",
        "OTEL_LOGS_EXPORTER=otlp make demo",
    ),
    "orders sends to where nobody listens": (
        lambda ward: ward.otherwise(
            "orders",
            {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{ward.elsewhere.otlp_http}"},
        ),
        "export",
        "OTEL_EXPORTER_OTLP_ENDPOINT names another address",
        "make demo",
    ),
    "the viewer scrapes nobody": (
        lambda ward: ward.otherwise("viewer", argv=("--scrape", "--environment")),
        "scrape",
        "in no list of targets",
        "sightline view --scrape orders=",
    ),
    "the viewer scrapes the wrong port": (
        lambda ward: ward.otherwise(
            "viewer",
            argv=(
                f"orders=http://127.0.0.1:{ward.ports.orders}/metrics",
                f"orders=http://127.0.0.1:{ward.elsewhere.orders}/metrics",
            ),
        ),
        "scrape",
        "the target's address is wrong",
        "sightline view --scrape",
    ),
    "payments pushes no metrics": (
        lambda ward: ward.otherwise("payments", {"OTEL_METRICS_EXPORTER": "none"}),
        "pushed metric stored",
        "OTEL_METRICS_EXPORTER=none",
        "OTEL_METRICS_EXPORTER=otlp make demo",
    ),
    "payments exports no logs": (
        lambda ward: ward.otherwise("payments", {"OTEL_LOGS_EXPORTER": "none"}),
        "line stored",
        "payments exports no logs",
        "OTEL_LOGS_EXPORTER=otlp make demo",
    ),
    "the trace breaks between the services": (
        lambda ward: ward.otherwise("payments", {"OTEL_PROPAGATORS": "baggage"}),
        "line stored",
        "payments does not take up the header traceparent",
        "OTEL_PROPAGATORS=tracecontext make demo",
    ),
    "payments exports no traces": (
        lambda ward: ward.otherwise("payments", {"OTEL_TRACES_EXPORTER": "none"}),
        "trace stored",
        "payments exports no traces",
        "OTEL_TRACES_EXPORTER=otlp make demo",
    ),
}


def states(document: dict[str, Any]) -> dict[str, str]:
    return {hop["hop"]: hop["state"] for hop in document["hops"]}


def test_every_hop_of_a_healthy_demo_holds(ward: Ward) -> None:
    code, document = ward.doctor()
    assert set(states(document).values()) == {"ok"}, document
    assert code == 0
    assert document["healthy"]


@pytest.mark.parametrize("name", BREAKAGES)
def test_a_breakage_is_named_with_hop_cause_and_remedy(ward: Ward, name: str) -> None:
    inflict, hop, cause, remedy = BREAKAGES[name]
    with inflict(ward):
        code, document = ward.doctor()
    assert document["broken"] == hop, document
    assert code == 1
    found = next(one for one in document["hops"] if one["state"] == "broken")
    assert cause in found["cause"], found
    assert remedy in found["remedy"], found
    assert found["expected"]
    assert found["found"]
    names = list(states(document))
    assert set(list(states(document).values())[names.index(hop) + 1 :]) == {"not asked"}
    assert "broken" not in list(states(document).values())[: names.index(hop)]


def test_a_viewer_behind_a_token_is_followed_with_it_and_names_it_without(
    ward: Ward, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ward.otherwise("viewer", {"SIGHTLINE_TOKEN": SECRET}):
        _, without = ward.doctor()
        monkeypatch.setenv("SIGHTLINE_TOKEN", SECRET)
        code, document = ward.doctor()
    assert without["broken"] == "metrics store", without
    found = next(one for one in without["hops"] if one["state"] == "broken")
    assert "lets in only who shows its token" in found["cause"]
    assert found["remedy"] == "SIGHTLINE_TOKEN=TOKEN sightline doctor"
    assert code == 0, document
    assert set(states(document).values()) == {"ok"}


def test_a_person_reads_what_a_machine_does(ward: Ward) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "sightline", "doctor", "--url", "http://127.0.0.1:1/x"],
        env={**os.environ, **ward.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 1, said.stderr
    assert "BROKEN  service" in said.stdout
    assert "Broken at: service." in said.stdout
    assert "Traceback" not in said.stdout + said.stderr


def test_an_address_that_is_none_is_refused_in_a_line() -> None:
    for given in (["--url", "shop"], ["--wait", "soon"], ["--url", "http://a:b@c/"]):
        said = subprocess.run(
            [sys.executable, "-m", "sightline", "doctor", *given],
            capture_output=True,
            text=True,
            check=False,
        )
        assert said.returncode == 2
        assert "Traceback" not in said.stderr
        assert given[1] in said.stderr or "password" in said.stderr


def test_the_json_is_one_document(ward: Ward) -> None:
    said = subprocess.run(
        [sys.executable, "-m", "sightline", "doctor", "--json"],
        env={**os.environ, **ward.environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert json.loads(said.stdout)["mode"] == "viewer"
    assert said.returncode == 0, said.stdout


def test_a_service_of_the_user_s_own_is_followed_by_its_address(ward: Ward) -> None:
    code, document = ward.doctor("--url", f"http://127.0.0.1:{ward.ports.orders}/orders")
    found = states(document)
    assert code == 0, document
    aside = {"line on stdout", "pushed metric stored"}
    assert {name for name, state in found.items() if state == "not checked"} == aside
    assert {found[name] for name in found if name not in aside} == {"ok"}


def test_a_service_that_opentelemetry_alone_instruments_is_followed_too(ward: Ward) -> None:
    url = f"http://127.0.0.1:{ward.ports.payments}/charges/1"
    code, document = ward.doctor("--pushes", "--url", url)
    found = states(document)
    assert code == 0, document
    assert {"metric stored", "line stored", "trace stored", "exemplar → trace"} <= {
        name for name, state in found.items() if state == "ok"
    }


def test_an_app_that_is_not_instrumented_is_told_how(ward: Ward) -> None:
    code, document = ward.doctor("--url", f"http://127.0.0.1:{ward.ports.viewer}/healthz")
    assert document["broken"] == "request"
    assert code == 1
    found = next(one for one in document["hops"] if one["state"] == "broken")
    assert "the app is not instrumented" in found["cause"]
    assert "instrument(app)" in found["remedy"]
