"""The real server: every line of the process is ours, with workers and reload, to a quick end."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from otlp_endpoint import Endpoint

SHOP = """
import logging, structlog
from fastapi import FastAPI
from sightline.telemetry import instrument

app = FastAPI()
instrument(app)

@app.get("/orders/{order_id}")
async def read(order_id: int) -> int:
    structlog.get_logger("shop").info("order.read", order_id=order_id)
    logging.getLogger("shop.lib").debug("looked.up")
    return order_id

@app.get("/boom")
async def boom() -> None:
    raise ValueError("broken")
"""
RUN = """
if __name__ == "__main__":
    import sys, uvicorn
    uvicorn.run(app, port=int(sys.argv[1]))
"""

READY_SECONDS = 90  # four workers import at once, on a machine that does other things too


@dataclass
class Server:
    process: "subprocess.Popen[bytes]"
    port: int
    out: Path
    error: Path

    def get(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            return error.code

    def wait(self) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while True:
            try:
                self.get("/health")
            except OSError:
                assert self.process.poll() is None, self.error.read_text()
                said = self.error.read_text() + self.out.read_text()
                assert time.monotonic() < deadline, said
                time.sleep(0.05)
            else:
                return

    def wait_for(self, event: str, times: int = 1) -> None:
        deadline = time.monotonic() + 30
        while self.out.read_text().count(f'"event":"{event}') < times:
            assert self.process.poll() is None, self.error.read_text()
            assert time.monotonic() < deadline, self.error.read_text() + self.out.read_text()
            time.sleep(0.05)

    def end(self, number: int = signal.SIGTERM) -> float:
        start = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(timeout=20)
        return time.monotonic() - start

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.read_text().splitlines()]

    def events(self) -> list[str]:
        return [line["event"] for line in self.lines()]


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


@contextlib.contextmanager
def serving(
    folder: Path, *options: str, command: list[str] | None = None, app: str = SHOP + RUN
) -> Iterator[Server]:
    (folder / "shop.py").write_text(app)
    port = free_port()
    uvicorn = ["-m", "uvicorn", "shop:app", "--port", str(port), *options]
    out, error = folder / "out", folder / "error"
    environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}", **os.environ}
    with out.open("wb") as o, error.open("wb") as e:
        process = subprocess.Popen(
            [sys.executable, *(command or uvicorn), *([str(port)] if command else [])],
            cwd=folder, stdout=o, stderr=e, env=environment, start_new_session=True,
        )  # fmt: skip
        server = Server(process, port, out, error)
        try:
            server.wait()
            yield server
        finally:
            if process.poll() is None:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def test_every_line_of_the_process_is_ours(tmp_path: Path) -> None:
    with serving(tmp_path) as server:
        assert server.get("/orders/7") == 200
        assert server.get("/boom") == 500
        server.end()
    events = server.events()
    assert server.error.read_text() == ""
    assert [e for e in events if e.startswith("Uvicorn running")]
    assert "Application startup complete." in events
    assert "Application shutdown complete." in events
    assert [e for e in events if e.startswith("Finished server process")]
    assert events.count("http.request") == 2
    assert events.count("order.read") == 1
    assert "looked.up" not in events
    assert sum("broken" in line.get("exception", "") for line in server.lines()) == 1
    assert events.count("telemetry.endpoint_away") == 1


def test_uvicorn_run_in_the_module_is_taken_over_too(tmp_path: Path) -> None:
    with serving(tmp_path, command=["shop.py"]) as server:
        assert server.get("/orders/7") == 200
        server.end(signal.SIGINT)
    assert server.error.read_text() == ""
    assert server.lines()[0]["event"].startswith("Started server process")
    assert server.events().count("http.request") == 1


def test_the_level_of_uvicorns_loggers_is_uvicorns_own(tmp_path: Path) -> None:
    with serving(tmp_path, "--log-level", "warning") as server:
        assert server.get("/orders/7") == 200
        server.end()
    assert "order.read" in server.events()
    assert not [line for line in server.lines() if line["logger"].startswith("uvicorn")]


def test_without_it_they_follow_log_level(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "ERROR")
    with serving(tmp_path) as server:
        assert server.get("/orders/7") == 200
        server.end()
    assert server.out.read_text() == ""


def test_debug_shows_debug_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LOG_LEVEL", "debug")
    with serving(tmp_path) as server:
        assert server.get("/orders/7") == 200
        server.end()
    assert "looked.up" in server.events()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_is_quick_though_nothing_listens(tmp_path: Path, number: int) -> None:
    with serving(tmp_path) as server:
        for order in range(20):
            server.get(f"/orders/{order}")
        assert server.end(number) < 5
    assert server.events().count("http.request") == 20


def test_what_waits_is_sent_before_the_process_ends(
    tmp_path: Path, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "60000")
    monkeypatch.setenv("OTEL_BLRP_SCHEDULE_DELAY", "60000")
    with serving(tmp_path) as server:
        for order in range(20):
            server.get(f"/orders/{order}")
        server.end()
    assert sum(span.name == "GET /orders/{order_id}" for span in endpoint.spans) == 20
    bodies = [record.body.string_value for record in endpoint.logs]
    assert sorted(bodies) == sorted(server.events())


def test_each_worker_sends_what_it_served(tmp_path: Path, endpoint: Endpoint) -> None:
    with serving(tmp_path, "--workers", "2") as server:
        # One that is told to end before it has come up has nothing to tell of.
        server.wait_for("Application startup complete.", times=2)
        for order in range(30):
            assert server.get(f"/orders/{order}") == 200
        server.end()
    assert sum(span.name == "GET /orders/{order_id}" for span in endpoint.spans) == 30
    assert server.events().count("http.request") == 30
    assert len({resource["service.instance.id"] for resource in endpoint.resources}) == 2


def test_a_reloaded_process_goes_on_telling(tmp_path: Path, endpoint: Endpoint) -> None:
    with serving(tmp_path, "--reload") as server:
        assert server.get("/orders/7") == 200
        source = tmp_path / "shop.py"
        source.write_text(SHOP.replace("order.read", "order.read.anew"))
        deadline = time.monotonic() + 30
        while "order.read.anew" not in server.out.read_text():
            assert time.monotonic() < deadline
            with contextlib.suppress(OSError):
                server.get("/orders/8")
            time.sleep(0.1)
        server.end()
    assert any(span.name == "GET /orders/{order_id}" for span in endpoint.spans)


def test_a_forked_process_tells_for_itself(tmp_path: Path, endpoint: Endpoint) -> None:
    program = (
        "import os, sys\nimport shop, structlog\n"
        "structlog.get_logger('p').info('before')\n"
        "child = os.fork()\n"
        "structlog.get_logger('p').info('child' if child == 0 else 'parent')\n"
        "if child: os.waitpid(child, 0)\n"
    )
    (tmp_path / "shop.py").write_text(SHOP)
    done = subprocess.run(
        # Since Python 3.12 a fork beside threads is warned of.
        [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program],
        cwd=tmp_path, capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    events = [json.loads(line)["event"] for line in done.stdout.splitlines()]
    assert sorted(events) == ["before", "child", "parent"]
    assert sorted(r.body.string_value for r in endpoint.logs) == ["before", "child", "parent"]
    assert len({resource["service.instance.id"] for resource in endpoint.resources}) == 2
