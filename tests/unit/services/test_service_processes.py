"""The services as processes: how they start, refuse to start, export, and end."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from opentelemetry.instrumentation.utils import suppress_instrumentation
from otlp_receiver import Receiver, plain, receive
from sample_system import ORDER, closed_port, wait_until

CHARGE = {"amount_minor": 100, "currency": "EUR", "payment_method": "card"}


def environment(folder: Path, **extra: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("OTEL_")}
    silent = {f"OTEL_{signal}_EXPORTER": "none" for signal in ("TRACES", "LOGS", "METRICS")}
    return {
        **kept,
        **silent,
        "DATABASE_URL": f"sqlite+aiosqlite:///{folder}/orders.db",
        "PAYMENTS_DATABASE": f"{folder}/payments.db",
        **extra,
    }


def refuse(module: str, env: dict[str, str], *arguments: str) -> str:
    """What a start that cannot be says: one line, and an exit code other than zero."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode not in {0, None}
    assert "Traceback" not in done.stdout + done.stderr
    (line,) = done.stderr.strip().splitlines()
    return line


@dataclass
class Process:
    url: str
    out: Path
    popen: subprocess.Popen[bytes]

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines()]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.popen.send_signal(number)
        return self.popen.wait(timeout=15)


@contextmanager
def serving(module: str, folder: Path, env: dict[str, str]) -> Iterator[Process]:
    port, out = closed_port(), folder / f"{module}.out"
    command = [sys.executable, "-m", module, "--port", str(port)]
    with out.open("wb") as stream:
        popen = subprocess.Popen(command, env=env, stdout=stream, stderr=subprocess.STDOUT)
    process = Process(f"http://127.0.0.1:{port}", out, popen)
    try:
        wait_until(lambda: _is_ready(process), f"{module} to start", seconds=60)
        yield process
    finally:
        if popen.poll() is None:
            popen.kill()
        popen.wait(timeout=15)


def _is_ready(process: Process) -> bool:
    assert process.popen.poll() is None, process.out.read_text()
    try:
        return httpx2.get(f"{process.url}/health").status_code == 200
    except httpx2.TransportError:
        return False


@pytest.mark.parametrize("module", ["orders", "payments"])
def test_a_port_in_use_is_one_line(module: str, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        line = refuse(module, environment(tmp_path), "--port", port)
    assert line.startswith(f"{module}: cannot listen on 127.0.0.1:{port}")
    assert "--port" in line


@pytest.mark.parametrize("module", ["orders", "payments"])
def test_a_data_folder_that_cannot_be_written_is_one_line(module: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    line = refuse(module, environment(tmp_path / "file"), "--port", str(closed_port()))
    assert f"cannot write to the data folder {tmp_path}/file" in line


@pytest.mark.parametrize(
    ("module", "setting", "value"),
    [
        ("orders", "SIGHTLINE_FAULTS", "perhaps"),
        ("orders", "LOG_LEVEL", "loud"),
        ("orders", "ORDERS_WORKERS", "many"),
        ("orders", "DATABASE_URL", "postgresql://o@127.0.0.1:9/o"),
        ("payments", "LOG_LEVEL", "loud"),
    ],
)
def test_a_setting_that_cannot_be_is_one_line(
    module: str, setting: str, value: str, tmp_path: Path
) -> None:
    env = environment(tmp_path, **{setting: value})
    assert setting in refuse(module, env, "--port", str(closed_port()))


def test_a_charge_store_that_is_none_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "payments.db").write_text("this is no database, however long one looks at it")
    line = refuse("payments", environment(tmp_path), "--port", str(closed_port()))
    assert "as the charge store" in line


def test_an_order_crosses_both_processes_and_both_end_in_order(tmp_path: Path) -> None:
    env = environment(tmp_path)
    with (
        serving("payments", tmp_path, env) as payments,
        serving("orders", tmp_path, {**env, "PAYMENTS_URL": payments.url}) as orders,
    ):
        headers = {"X-Request-ID": "both-1"}
        answer = httpx2.post(f"{orders.url}/checkout", json=ORDER, headers=headers)
        assert answer.status_code == 201, answer.text
        assert orders.end() == 0
        assert payments.end(signal.SIGINT) == 0
        for process, event in ((orders, "order.created"), (payments, "charge.succeeded")):
            (line,) = [line for line in process.lines() if line["event"] == event]
            assert (line["request_id"], line["level"]) == ("both-1", "info")
        assert not {line["level"] for line in orders.lines()} & {"error", "critical"}


def test_workers_of_orders_answer_as_one_know_the_same_faults_and_end_in_order(
    tmp_path: Path,
) -> None:
    env = environment(tmp_path, SIGHTLINE_FAULTS="1", ORDERS_WORKERS="2")
    with serving("orders", tmp_path, env) as orders:
        wait_until(lambda: orders.events().count("Application startup complete.") == 2, "both")
        httpx2.put(f"{orders.url}/faults/errors").raise_for_status()
        # Each on a connection of its own, so that both workers get some.
        answers = [httpx2.get(f"{orders.url}/orders").status_code for _ in range(20)]
        assert set(answers) == {500}
        page = httpx2.get(f"{orders.url}/metrics").text
        assert 'http_requests_total{handler="/orders",method="GET",status="5xx"} 20.0' in page
        assert orders.end() == 0
        assert orders.events().count("Application shutdown complete.") == 2


def test_orders_placed_when_the_process_is_killed_are_settled_by_the_next(
    tmp_path: Path,
) -> None:
    env = environment(tmp_path, PAYMENTS_TIMEOUT_SECONDS="1.5", PAYMENTS_ATTEMPTS="1")
    slow = {**ORDER, "card_number": "4000 0000 0000 3063"}
    with serving("payments", tmp_path, env) as payments:
        env["PAYMENTS_URL"] = payments.url
        with serving("orders", tmp_path, env) as orders:
            asking = threading.Thread(target=_ask_in_vain, args=(orders.url, slow))
            asking.start()
            wait_until(lambda: _statuses(orders) == ["pending"], "the order to be written down")
            orders.end(signal.SIGKILL)
            asking.join()
        wait_until(lambda: "charge.succeeded" in payments.events(), "the charge")
        with serving("orders", tmp_path, {**env, "ORDERS_HOUSEKEEPING_SECONDS": "0.2"}) as orders:
            wait_until(lambda: _statuses(orders) == ["confirmed"], "the order to be settled")


def _ask_in_vain(url: str, order: dict[str, Any]) -> None:
    with pytest.raises(httpx2.TransportError):
        httpx2.post(f"{url}/orders", json=order, timeout=30)


def _statuses(orders: Process) -> list[str]:
    listed = httpx2.get(f"{orders.url}/orders").json()["orders"]
    return [order["status"] for order in listed]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receive() as receiving:
        yield receiving


def test_payments_exports_one_span_its_lines_and_its_metrics_by_the_standard_alone(
    receiver: Receiver, tmp_path: Path
) -> None:
    env = {k: v for k, v in environment(tmp_path).items() if not k.startswith("OTEL_")}
    env["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.endpoint
    env["OTEL_RESOURCE_ATTRIBUTES"] = "deployment.environment.name=test"
    trace_id = "0af7651916cd43dd8448eb211c80319c"
    headers = {
        "Idempotency-Key": "order-0123456789",
        "X-Request-ID": "mine-9",
        "traceparent": f"00-{trace_id}-b7ad6b7169203331-01",
    }
    # The client of this process may be instrumented, and would send a traceparent of its own.
    with serving("payments", tmp_path, env) as payments, suppress_instrumentation():
        httpx2.post(f"{payments.url}/charges", json=CHARGE, headers=headers).raise_for_status()
        assert payments.end() == 0
        (written,) = [line for line in payments.lines() if line["event"] == "charge.succeeded"]
    (span,) = receiver.spans()
    assert (span.name, span.trace_id.hex()) == ("POST /charges", trace_id)
    assert plain(span.attributes)["http.response.status_code"] == 201
    assert {record.body.string_value for record in receiver.logs()} >= {
        "charge.succeeded",
        "http.request",
    }
    (record,) = [r for r in receiver.logs() if r.body.string_value == "charge.succeeded"]
    assert record.trace_id.hex() == trace_id == written["trace_id"]
    assert plain(record.attributes)["request_id"] == "mine-9" == written["request_id"]
    assert "http.server.request.duration" in receiver.metrics()
    resource = receiver.resources()[0]
    assert resource["service.name"] == "payments"
    assert resource["service.namespace"] == "sightline"
    assert resource["deployment.environment.name"] == "test"


def test_payments_shows_no_secret_of_a_request_in_lines_or_on_the_wire(
    receiver: Receiver, tmp_path: Path
) -> None:
    env = {k: v for k, v in environment(tmp_path).items() if not k.startswith("OTEL_")}
    env["OTEL_EXPORTER_OTLP_ENDPOINT"] = receiver.endpoint
    card, headers = "4111111111111111", {"X-Request-ID": "4111111111111111"}
    with serving("payments", tmp_path, env) as payments, suppress_instrumentation():
        url = f"{payments.url}/x/password=sekret/{card}?card={card}&token=sekret&n=1"
        answer = httpx2.get(url, headers=headers)
        httpx2.get(f"{payments.url}/{'a' * 5_000}")
        assert payments.end() == 0
        requests = [line for line in payments.lines() if line["event"] == "http.request"]
    assert requests[0]["path"] == "/x/password=[REDACTED]"
    assert requests[0]["request_id"] == answer.headers["x-request-id"] != card
    assert len(requests[1]["path"]) == 1_024
    spans = [plain(span.attributes) for span in receiver.spans()]
    assert "n=1" in spans[0]["url.query"]
    sent = f"{receiver.logs()} {spans} {payments.out.read_text()}"
    assert "http.request" in sent
    for secret in ("sekret", card):
        assert secret not in sent


def test_headers_beyond_64_kib_are_refused_by_payments(tmp_path: Path) -> None:
    with serving("payments", tmp_path, environment(tmp_path)) as payments:
        answer = httpx2.get(f"{payments.url}/charges/x", headers={"x-big": "a" * 65_536})
        assert (answer.status_code, answer.json()["code"]) == (431, "headers_too_large")
        assert httpx2.get(f"{payments.url}/health").status_code == 200


def test_payments_without_a_receiver_warns_once_serves_and_ends_in_time(tmp_path: Path) -> None:
    env = {k: v for k, v in environment(tmp_path).items() if not k.startswith("OTEL_")}
    env["OTEL_EXPORTER_OTLP_ENDPOINT"] = f"http://127.0.0.1:{closed_port()}"
    env["OTEL_METRIC_EXPORT_INTERVAL"] = "200"
    with serving("payments", tmp_path, env) as payments:
        for number in range(5):
            headers = {"Idempotency-Key": f"order-000000{number}"}
            httpx2.post(f"{payments.url}/charges", json=CHARGE, headers=headers).raise_for_status()
            wait_until(lambda: _complaints(payments), "the one warning")
        payments.popen.terminate()
        assert payments.popen.wait(timeout=5) == 0
        assert len(_complaints(payments)) == 1


def _complaints(process: Process) -> list[str]:
    return [x["event"] for x in process.lines() if x["logger"].startswith("opentelemetry.")]
