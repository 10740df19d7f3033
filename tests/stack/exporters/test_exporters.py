"""The OTLP exporters of Go, Java and JavaScript, all three signals, into a running viewer."""

import json
import os
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import toolchains
from loopback import free_ports
from process import Process

SPANS = 1_500
SENDERS = [
    ("go", "http"),
    ("go", "grpc"),
    ("java", "http"),
    ("java", "grpc"),
    ("javascript", "http"),
    ("javascript", "json"),
    ("javascript", "grpc"),
]
pytestmark = pytest.mark.timeout(900)  # a first build, with all its modules


@pytest.fixture(scope="module")
def viewer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[int, int, int]]:
    """Its ports: the page, OTLP over HTTP, OTLP over gRPC."""
    page, http, grpc = free_ports(3)
    folder = tmp_path_factory.mktemp("exporters")
    listening = ["--port", str(page), "--otlp-http-port", str(http), "--otlp-grpc-port", str(grpc)]
    process = Process(
        "viewer",
        [sys.executable, "-m", "sightline", "view", "--memory", *listening],
        {},
        folder / "viewer.log",
        ready_url=f"http://127.0.0.1:{page}/healthz",
    )
    process.start()
    try:
        process.await_ready()
        yield page, http, grpc
    finally:
        process.stop()


class Asked:
    """The viewer's answers about one sender."""

    def __init__(self, page: int, service: str) -> None:
        self._page = page
        self._service = service

    def json(self, path: str, **given: str) -> Any:
        url = f"http://127.0.0.1:{self._page}{path}?{urllib.parse.urlencode(given)}"
        with urllib.request.urlopen(url, timeout=30) as answer:
            return json.loads(answer.read())

    def accepted(self) -> dict[str, int]:
        """By signal, with nothing rejected, nothing sent twice and nothing still waiting."""
        status = self.json("/api/status")
        found = [s for s in status["received"]["services"] if s["service"] == self._service]
        assert not any(each["rejected"] or each["duplicates"] for each in found)
        waiting = status["store"]["queued_bytes"]
        return {} if waiting else {each["signal"]: each["accepted"] for each in found}

    def rows(self) -> int:
        return int(self.json("/api/status")["store"]["rows"]["spans"])

    def value(self, expression: str) -> float:
        (sample,) = self.json("/api/v1/query", query=expression)["data"]["result"]
        return float(sample["value"][1])

    def lines(self, trace_id: str) -> list[str]:
        query = f'{{service_name="{self._service}"}} | trace_id="{trace_id}"'
        found = self.json("/loki/api/v1/query_range", query=query)["data"]["result"]
        return [text for stream in found for _, text in stream["values"]]


def eventually(holds: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline, what
        time.sleep(0.1)


@pytest.mark.parametrize(("language", "protocol"), SENDERS)
def test_all_that_a_language_exports_is_stored_exactly_once(
    viewer: tuple[int, int, int], language: str, protocol: str
) -> None:
    page, http, grpc = viewer
    address = f"127.0.0.1:{grpc if protocol == 'grpc' else http}"
    command: list[str] = getattr(toolchains, language)()
    asked = Asked(page, f"{language}-{protocol}")
    rows = asked.rows()
    trace_id = sent(command, protocol, address)
    expected = {"traces": SPANS, "logs": 1, "metrics": 2}
    eventually(lambda: asked.accepted() == expected, f"{expected} of {language}")
    assert asked.rows() == rows + SPANS
    selector = f'{{job="{language}-{protocol}",instance="1"}}'
    card = selector.replace("}", ',payment_method="card"}')
    assert asked.value(f"orders_created_total{card}") == SPANS
    assert asked.value(f"payment_duration_seconds_count{selector}") == 1
    quantile = f"histogram_quantile(0.5, payment_duration_seconds_bucket{selector})"
    assert 0 < asked.value(quantile) < 5
    assert asked.lines(trace_id) == ["order.created"]
    (batch,) = asked.json(f"/api/traces/{trace_id}")["batches"]
    assert [span["name"] for span in batch["scopeSpans"][0]["spans"]] == ["placed"]


def sent(command: list[str], protocol: str, address: str) -> str:
    """The id of the trace to which the log record belongs."""
    clean = {name: text for name, text in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [*command, protocol, address, str(SPANS)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=clean,
    )
    assert not done.returncode, done.stderr
    return done.stdout.strip()
