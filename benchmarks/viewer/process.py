"""A viewer of its own for the benchmark, and what it costs the machine."""

import contextlib
import json
import os
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

import psutil

_MB = 1024 * 1024


@dataclass(frozen=True)
class Viewer:
    process: psutil.Process
    data: Path
    port: int
    otlp_http: int
    otlp_grpc: int
    start_seconds: float

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def otlp(self) -> str:
        return f"http://127.0.0.1:{self.otlp_http}"

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def resident_mb(self) -> float:
        return float(self.process.memory_info().rss) / _MB

    def status(self) -> Any:
        with urllib.request.urlopen(f"{self.url}/api/status", timeout=60) as answer:  # noqa: S310 — our own
            return json.loads(answer.read())

    def rows(self) -> dict[str, int]:
        """What is stored, once nothing waits any more."""
        while (store := self.status()["store"])["queued_bytes"]:
            time.sleep(0.1)
        return dict(store["rows"])

    def accepted(self, signal: str) -> int:
        services = self.status()["received"]["services"]
        return sum(each["accepted"] for each in services if each["signal"] == signal)


@contextlib.contextmanager
def viewer(data: Path, *, max_size: str = "100GB") -> Iterator[Viewer]:
    page, http, grpc = free_ports(3)
    ports = ["--port", str(page), "--otlp-http-port", str(http), "--otlp-grpc-port", str(grpc)]
    kept = ["--data", str(data), "--retention", "30d", "--max-size", max_size]
    command = [sys.executable, "-m", "sightline", "view", *ports, *kept]
    settings = {k: v for k, v in os.environ.items() if not k.startswith("SIGHTLINE_")}
    began = time.perf_counter()
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=settings)
    try:
        _wait_for(f"http://127.0.0.1:{page}/healthz", started)
        took = time.perf_counter() - began
        yield Viewer(psutil.Process(started.pid), data, page, http, grpc, took)
    finally:
        started.terminate()
        started.wait(timeout=60)


def disk_bytes(data: Path) -> int:
    """Of a store that was closed in good order: all is in its one file."""
    return sum(each.stat().st_size for each in data.glob("telemetry.duckdb*"))


def _wait_for(url: str, started: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while True:
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 — our own
        except (urllib.error.URLError, ConnectionError):
            if started.poll() is not None or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
        else:
            return


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        probes = [stack.enter_context(socket.socket()) for _ in range(count)]
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [int(probe.getsockname()[1]) for probe in probes]
