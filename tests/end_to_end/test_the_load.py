"""`make load` tells what it sent and got back, and its sum is the service's own."""

import json
import subprocess
import sys
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from running_system import System, eventually


def run_load(host: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "load", "--host", host, *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def counted_by_orders(system: System) -> float:
    """From its own page: what the viewer knows may be a scrape old."""
    page = system.client.get(f"{system.orders}/metrics").text
    samples = [s for family in text_string_to_metric_families(page) for s in family.samples]
    return sum(s.value for s in samples if s.name == "http_requests_total")


def test_the_requests_sent_are_the_requests_counted(system: System, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    before = counted_by_orders(system)
    ended = run_load(
        *(system.orders, "--users", "5", "--spawn-rate", "5"),
        *("--run-time", "6s", "--report", str(report)),
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    sent = json.loads(report.read_text())["sent"]
    assert sent > 20
    eventually(
        lambda: system.number('sum(http_requests_total{job="orders"})') == before + sent,
        20,
        f"{before} + {sent} requests",
    )


def test_a_host_that_does_not_answer_is_one_line() -> None:
    ended = run_load("http://127.0.0.1:9", "--run-time", "5s")
    assert ended.returncode == 1
    assert "http://127.0.0.1:9" in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_the_ledger_of_a_run_is_equal_while_other_traffic_runs(
    system: System, tmp_path: Path
) -> None:
    written = tmp_path / "ledger.json"
    others = subprocess.Popen(
        [sys.executable, "-m", "load", "--gentle", "--host", system.orders],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        ended = subprocess.run(
            [
                *(sys.executable, "-m", "sightline", "ledger", "--viewer", system.viewer),
                *("--orders", system.orders, "--users", "5", "--rate", "20", "--time", "6s"),
                *("--json", str(written)),
            ],
            capture_output=True,
            text=True,
            timeout=150,
            check=False,
        )
    finally:
        others.terminate()
        others.wait(timeout=20)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    drawn = json.loads(written.read_text())
    assert drawn["equal"]
    orders, payments = drawn["services"]
    assert sum(row["answered"] for row in orders["rows"]) == drawn["sent"] > 20
    for row in [*orders["rows"], *payments["rows"]]:
        assert row["answered"] == row["spans"] == row["lines"] > 0, ended.stdout
        assert abs(row["counter"] - row["answered"]) <= orders["leeway"] + payments["leeway"]
    assert "Equal: nothing was lost on the way" in ended.stdout


def refused_ledger(*arguments: str) -> str:
    """The one line that it ends with, before any traffic."""
    ended = subprocess.run(
        [sys.executable, "-m", "sightline", "ledger", *arguments],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert ended.returncode == 2
    assert ended.stdout == ""
    (line,) = ended.stderr.splitlines()
    return line


def test_a_ledger_without_anybody_to_ask_is_one_line() -> None:
    line = refused_ledger("--prometheus", "http://127.0.0.1:9")
    assert line.startswith("sightline ledger: neither the viewer answers at")
    assert "http://127.0.0.1:9" in line


def test_a_ledger_that_could_not_be_written_is_refused_before_the_run() -> None:
    line = refused_ledger("--json", "/no/such/folder/ledger.json")
    assert "--json /no/such/folder/ledger.json cannot be written" in line
