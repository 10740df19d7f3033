"""`make load` tells what it sent and got back, and its sum is the service's own."""

import json
import subprocess
import sys
from pathlib import Path

from running_system import System, eventually


def run_load(host: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "load", "--host", host, *arguments],
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_the_requests_sent_are_the_requests_counted(system: System, tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    before = system.number('sum(http_requests_total{job="orders"})')
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
