"""Servers of its own for the benchmark, a viewer above all, and what they cost the machine."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

_MB = 1024 * 1024
_READY_SECONDS = _END_SECONDS = 60


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
        return cpu_seconds(self.process)

    def resident_mb(self) -> float:
        return resident_mb(self.process)

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
    with server(command, settings, f"http://127.0.0.1:{page}/healthz") as process:
        took = time.perf_counter() - began
        yield Viewer(process, data, page, http, grpc, took)


@contextlib.contextmanager
def server(
    command: Sequence[str], env: Mapping[str, str], ready: str, *, stubborn: bool = False
) -> Iterator[psutil.Process]:
    """From its first answer at an address to its end; a `stubborn` one may have to be killed."""
    started = subprocess.Popen(command, stdout=subprocess.DEVNULL, env=env)
    try:
        _wait_for(ready, started)
        yield psutil.Process(started.pid)
    finally:
        started.terminate()
        try:
            started.wait(timeout=_END_SECONDS)
        except subprocess.TimeoutExpired:
            started.kill()
            started.wait(timeout=_END_SECONDS)
            if not stubborn:
                raise


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


def resident_mb(process: psutil.Process) -> float:
    return float(process.memory_info().rss) / _MB


def disk_bytes(data: Path) -> int:
    """Of a store that was closed in good order: all is in its one file."""
    return sum(each.stat().st_size for each in data.glob("telemetry.duckdb*"))


def _wait_for(url: str, started: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _READY_SECONDS
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
