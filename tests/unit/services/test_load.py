"""Load: it says what it sent, what it got, and whether that was to be expected."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from otlp_receiver import receive
from sample_system import closed_port
from test_service_processes import Process, environment, serving

from load import options
from load.tally import Answer, Tally


def load(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "load", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=90, check=False)


@pytest.fixture(scope="module")
def orders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Process]:
    folder = tmp_path_factory.mktemp("orders")
    env = environment(folder, SIGHTLINE_FAULTS="1")
    with (
        serving("payments", folder, env) as payments,
        serving("orders", folder, {**env, "PAYMENTS_URL": payments.url}) as running,
    ):
        yield running


def test_all_that_was_sent_is_answered_counted_and_expected(
    orders: Process, tmp_path: Path
) -> None:
    report, before = tmp_path / "report.json", _served(orders)
    run = ("--users", "5", "--spawn-rate", "5", "--run-time", "6s", "--report", str(report))
    done = load("--host", orders.url, *run)
    assert done.returncode == 0, done.stdout + done.stderr
    counted = json.loads(report.read_text())
    assert counted["sent"] == counted["answered"] == _served(orders) - before > 20
    assert f"{counted['sent']:,d} requests sent" in done.stdout
    assert "0 answers were unexpected" in done.stdout
    assert "customers" in done.stdout.splitlines()[0]


def test_a_rate_that_answers_are_too_slow_for_is_said_with_what_helps(orders: Process) -> None:
    slow = {"delay_seconds": 1.0}
    httpx2.put(f"{orders.url}/faults/slow-db", json=slow).raise_for_status()
    try:
        done = load("--host", orders.url, "--users", "2", "--rate", "100", "--run-time", "4s")
    finally:
        httpx2.delete(f"{orders.url}/faults/slow-db").raise_for_status()
    assert "100 a second were asked for, but answers came too slowly" in done.stdout
    assert "ORDERS_WORKERS=2" in done.stdout


def test_for_a_rate_there_are_customers_enough() -> None:
    assert options.parse([]).users == options.parse(["--rate", "50"]).users == 20
    assert options.parse(["--rate", "310"]).users == 62
    assert options.parse(["--rate", "310", "--users", "7"]).users == 7


def test_answers_that_were_not_expected_are_named_and_fail_the_run(orders: Process) -> None:
    httpx2.put(f"{orders.url}/faults/errors").raise_for_status()
    try:
        done = load("--host", orders.url, "--users", "2", "--run-time", "3s")
    finally:
        httpx2.delete(f"{orders.url}/faults/errors").raise_for_status()
    assert done.returncode == 1
    assert "x GET /orders: status 500" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_traces_begin_at_load_where_somebody_receives_them(
    orders: Process, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = len(orders.lines())
    with receive() as receiver:
        monkeypatch.setenv("OTEL_TRACES_EXPORTER", "otlp")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.endpoint)
        assert load("--host", orders.url, "--users", "2", "--run-time", "2s").returncode == 0
    assert {resource["service.name"] for resource in receiver.resources()} == {"load"}
    begun = {span.trace_id.hex() for span in receiver.spans()}
    served = [line for line in orders.lines()[before:] if line["event"] == "http.request"]
    ours = {line["trace_id"] for line in served if "/faults" not in line["path"]}
    assert begun == ours != set()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_gentle_traffic_is_quiet_and_ends_when_it_is_told(
    orders: Process, tmp_path: Path, number: int
) -> None:
    out, before = tmp_path / "load.out", _served(orders)
    command = [sys.executable, "-m", "load", "--gentle", "--host", orders.url]
    with out.open("wb") as stream:
        running = subprocess.Popen(command, stdout=stream, stderr=subprocess.STDOUT)
    try:
        deadline = time.monotonic() + 30
        while _served(orders) < before + 3:
            assert time.monotonic() < deadline, out.read_text()
            time.sleep(0.1)
        running.send_signal(number)
        assert running.wait(timeout=20) == 0
    finally:
        running.kill()
    assert out.read_text() == ""


def test_a_target_that_is_not_there_is_one_line() -> None:
    done = load("--host", f"http://127.0.0.1:{closed_port()}")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("load: nothing answers at http://127.0.0.1:")
    assert "make demo" in line


@pytest.mark.parametrize(
    "arguments",
    [
        ["--users", "0"],
        ["--users", "many"],
        ["--spawn-rate", "-1"],
        ["--run-time", "soon"],
        ["--rate", "0"],
        ["--buying", "101"],
        ["--host", "ftp://x"],
        ["--host", "nowhere"],
    ],
)
def test_an_argument_that_cannot_be_is_refused_by_name(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        options.parse(arguments)
    assert refused.value.code == 2
    said = capsys.readouterr().err
    assert arguments[0] in said
    assert repr(arguments[1]) in said


def test_durations_are_read_with_their_unit() -> None:
    seconds = [options.parse(["--run-time", text]).run_time for text in ("90", "90s", "2m", "1h")]
    assert seconds == [90, 90, 120, 3600]


def test_the_tally_tells_refusals_that_were_asked_for_from_surprises() -> None:
    tally = Tally()
    tally.add(Answer("POST", "/orders", "", 201, expected=True))
    tally.add(Answer("POST", "/orders", "declined", 402, expected=True))
    tally.add(Answer("POST", "/orders", "", 500, expected=False))
    tally.add(Answer("GET", "/orders", "", 0, expected=False))
    assert (tally.sent, tally.answered, tally.refused, tally.unexpected) == (4, 3, 1, 2)
    assert tally.by_route()["POST", "/orders"] == {"2xx": 1, "4xx": 1, "5xx": 1}


def _served(orders: Process) -> int:
    text = httpx2.get(f"{orders.url}/metrics").text
    counted = [x for x in text.splitlines() if x.startswith("http_requests_total{")]
    return int(sum(float(line.rsplit(" ", 1)[1]) for line in counted if "/faults" not in line))
