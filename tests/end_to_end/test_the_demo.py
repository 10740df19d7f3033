"""`sightline demo` reaches a page with live data, and ends without an orphan or a lost line."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path

import httpx2
import psutil
from running_system import eventually, free_ports, run_system

READY_SECONDS = 60
SETTINGS = {
    "viewer": "SIGHTLINE_PORT",
    "otlp_http": "SIGHTLINE_OTLP_HTTP_PORT",
    "otlp_grpc": "SIGHTLINE_OTLP_GRPC_PORT",
    "orders": "ORDERS_PORT",
    "payments": "PAYMENTS_PORT",
}


def test_the_demo_is_ready_shows_live_data_and_stops_cleanly(tmp_path: Path) -> None:
    data = tmp_path / "data"
    ports = free_ports()
    env = {SETTINGS[name]: str(port) for name, port in asdict(ports).items()}
    output = tmp_path / "output"
    with output.open("wb") as out:
        demo = subprocess.Popen(
            [sys.executable, "-m", "sightline", "demo", "--data", str(data)],
            env={**os.environ, **env},
            stdout=out,
            stderr=subprocess.STDOUT,
        )
    try:
        eventually(
            lambda: "Ready in" in output.read_text() or demo.poll() is not None, READY_SECONDS
        )
        assert demo.poll() is None, output.read_text()
        page = f"http://127.0.0.1:{ports.viewer}"
        assert f"Open  {page}" in output.read_text()
        assert "<title>" in httpx2.get(page + "/").text
        children = psutil.Process(demo.pid).children(recursive=True)
        assert len(children) >= 4
        demo.send_signal(signal.SIGINT)
        assert demo.wait(timeout=40) == 0, output.read_text()
    finally:
        demo.kill()
    assert not [child for child in children if child.is_running()]
    _every_written_line_is_stored(data)


def _every_written_line_is_stored(data: Path) -> None:
    text = (data / "logs" / "orders.log").read_text()
    written = [json.loads(line) for line in text.splitlines()]
    placed = [line for line in written if line["event"] == "order.created"]
    assert placed, "no order was placed"
    for system in run_system(data, only=("viewer",)):
        stored = {
            line["span_id"] for line in system.logs('{service_name="orders"} |= "order.created"')
        }
        assert stored == {line["span_id"] for line in placed}
