"""`make demo` reaches a page with live data, and ends without an orphan or a lost line."""

import argparse
import json
import os
import re
import shlex
import signal
import subprocess
from dataclasses import asdict
from pathlib import Path

import httpx2
import psutil
from running_system import eventually, free_ports, run_system

ROOT = Path(__file__).parents[2]
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
    env["SIGHTLINE_DATA"] = str(data)
    output = tmp_path / "output"
    with output.open("wb") as out:
        demo = subprocess.Popen(
            ["make", "demo"],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
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
        assert len(children) >= 5
        _what_it_says_to_try_works(output.read_text())
        _what_readme_says_to_try_works(ports.orders)
        os.killpg(demo.pid, signal.SIGINT)  # as a terminal does
        demo.wait(timeout=40)
        assert "Stopped. Nothing is left running" in output.read_text()
    finally:
        if demo.poll() is None:
            os.killpg(demo.pid, signal.SIGTERM)
            demo.wait(timeout=40)
    assert not [child for child in children if child.is_running()]
    _every_written_line_is_stored(data)


def _what_it_says_to_try_works(said: str) -> None:
    """The commands as they are printed: an order found by its id, a fault put in and out."""
    order, slow, heal = [
        _curl(command)
        for command in re.findall(r"curl (?:.*\\\n)*.*(?:\n.*}'$)?", said, re.MULTILINE)
    ]
    assert order.status_code == 201, order.text
    assert (slow.status_code, heal.status_code) == (200, 200)
    (page, request_id) = re.findall(r"(http\S+)/logs\?field=request_id=(\w+)", said)[0]
    assert order.headers["x-request-id"] == request_id
    query = {"query": f'{{service_name=~".+"}} | request_id="{request_id}"'}

    def services() -> bool:
        found = httpx2.get(f"{page}/loki/api/v1/query_range", params=query).json()["data"]["result"]
        return {line["stream"]["service_name"] for line in found} == {"orders", "payments"}

    eventually(services, 30, "the order's lines of both services")


def _what_readme_says_to_try_works(orders: int) -> None:
    (command,) = re.findall(r"```sh\n(curl .*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert _curl(command.replace("8000", str(orders))).status_code == 201


def _curl(command: str) -> httpx2.Response:
    parser = argparse.ArgumentParser()
    parser.add_argument("url")
    parser.add_argument("-X", dest="method")
    parser.add_argument("-H", dest="headers", action="append", default=[])
    parser.add_argument("-d", dest="body")
    asked = parser.parse_args(shlex.split(command.replace("\\\n", " "))[1:])
    headers = dict(header.split(": ") for header in asked.headers)
    return httpx2.request(asked.method, asked.url, headers=headers, content=asked.body)


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
