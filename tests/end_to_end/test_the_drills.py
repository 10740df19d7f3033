"""`sightline drill` on the demo: a fault is shown and healed, and nothing of it stays behind.

The demo's rules have shorter windows here; every drill is played in tests/stack/test_drills.py.
"""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import httpx2
import psutil
import pytest
from running_system import eventually, free_ports
from shortened_rules import EACH_SECOND, write_shortened_rules

from sightline import roster
from sightline.demo import Ports
from sightline.proof.drill.journal import FILE

READY_SECONDS = 90  # a busy machine starts five programs
DRILL_SECONDS = 110
pytestmark = pytest.mark.timeout(240)
SETTINGS = {
    "viewer": "SIGHTLINE_PORT",
    "otlp_http": "SIGHTLINE_OTLP_HTTP_PORT",
    "otlp_grpc": "SIGHTLINE_OTLP_GRPC_PORT",
    "orders": "ORDERS_PORT",
    "payments": "PAYMENTS_PORT",
}


@dataclass
class Demo:
    data: Path
    ports: Ports
    environment: dict[str, str]

    def start(self, *arguments: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "sightline", "drill", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def faults(self) -> set[str]:
        """Those that are on."""
        answer = httpx2.get(f"http://127.0.0.1:{self.ports.orders}/faults", timeout=20)
        return {fault["name"] for fault in answer.json() if fault["active"]}

    @property
    def viewer(self) -> psutil.Process:
        return psutil.Process(roster.read(self.data)["viewer"])

    @property
    def nothing_is_left(self) -> bool:
        stands_still = self.viewer.status() == psutil.STATUS_STOPPED
        return not stands_still and not self.faults() and (self.data / FILE).read_text() == ""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    folder, ports = tmp_path_factory.mktemp("drills"), free_ports()
    write_shortened_rules(folder / "rules", EACH_SECOND, wait="3s", step="1s")
    environment = {
        **os.environ,
        **{SETTINGS[name]: str(port) for name, port in asdict(ports).items()},
        "SIGHTLINE_DATA": str(folder / "data"),
        "SIGHTLINE_RULES": str(folder / "rules"),
        "SIGHTLINE_SCRAPE_INTERVAL": "1s",
        "SIGHTLINE_EVALUATION_INTERVAL": "1s",
        "PYTHONUNBUFFERED": "1",
    }
    output = folder / "output"
    with output.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "sightline", "demo"],
            env=environment,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    made = Demo(folder / "data", ports, environment)
    try:
        eventually(lambda: roster.read(made.data) or process.poll() is not None, READY_SECONDS)
        assert process.poll() is None, output.read_text()
        yield made
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=60)


def read_until(drill: "subprocess.Popen[str]", words: str) -> str:
    assert drill.stdout
    said = ""
    for line in drill.stdout:
        said += line
        if words in line:
            return said
    raise AssertionError(f"it never said {words!r}:\n{said}")


def ended(drill: "subprocess.Popen[str]") -> tuple[int, str]:
    said, _ = drill.communicate(timeout=DRILL_SECONDS)
    return drill.returncode, said


def test_make_drill_lists_them(demo: Demo) -> None:
    listed = subprocess.run(
        ["make", "--silent", "drill"],
        cwd=Path(__file__).parents[2],
        env=demo.environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert "Drills of the viewer" in listed.stdout
    assert "payment-declined" in listed.stdout


def test_a_fault_fires_moves_and_is_named_and_then_all_is_quiet(demo: Demo) -> None:
    code, said = ended(demo.start("payment-declined", "--json"))
    told: dict[str, Any] = json.loads(said)
    assert code == 0, said
    assert told["green"]
    (drill,) = told["drills"]
    facts = drill["facts"]
    assert 0 < facts["pending_after"] <= facts["firing_after"] < drill["seconds"]
    assert drill["seconds"] < drill["stated_seconds"]
    assert facts["panel"]["during"] > 30
    assert "payment.process, PaymentDeclinedError" in facts["trace"]["culprit"]
    page = f"http://127.0.0.1:{demo.ports.viewer}"
    assert drill["links"]["trace"] == f"{page}/traces/{facts['trace']['id']}"
    assert httpx2.get(f"{page}/api/traces/{facts['trace']['id']}").status_code == 200
    assert drill["links"]["panel"].startswith(f"{page}/d/business?var-service=orders&viewPanel=2&")
    assert drill["links"]["runbook"] == "docs/runbook.md#paymentsfail"
    assert demo.nothing_is_left


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_drill_that_is_interrupted_twice_heals(demo: Demo, number: signal.Signals) -> None:
    drill = demo.start("errors")
    said = read_until(drill, "is in")
    assert demo.faults() == {"errors"}
    drill.send_signal(number)
    drill.send_signal(number)
    code, rest = ended(drill)
    assert code == 128 + number, said + rest
    assert "is healed" in rest
    assert "Traceback" not in rest
    assert demo.nothing_is_left


def test_what_a_drill_that_was_killed_left_is_healed_by_the_next(demo: Demo) -> None:
    drill = demo.start("store-down")
    said = read_until(drill, "is in")
    drill.kill()
    ended(drill)
    eventually(lambda: demo.viewer.status() == psutil.STATUS_STOPPED, 20, said)
    code, said = ended(demo.start("secret-in-log"))
    assert code == 0, said
    assert "Healed what the drill store-down, which was killed, had left." in said
    assert "path=/orders/[REDACTED]" in said
    assert demo.nothing_is_left
