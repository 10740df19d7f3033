"""The demo's own programs, each of which can be stopped, or run otherwise, and healed again."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import httpx2
from running_system import free_ports

from sightline.demo import Ports, programs
from sightline.supervisor import Program, Supervisor

WAIT_SECONDS = 10
# Sooner than by default, so that a test need not wait for the next beat.
QUICKLY = {
    "viewer": {"SIGHTLINE_SCRAPE_INTERVAL": "1s"},
    "payments": {"OTEL_METRIC_EXPORT_INTERVAL": "1000", "OTEL_BSP_SCHEDULE_DELAY": "500"},
    "orders": {},
}


@dataclass
class Ward:
    data: Path
    ports: Ports = field(default_factory=free_ports)
    elsewhere: Ports = field(default_factory=free_ports)  # where nobody listens
    running: dict[str, Supervisor] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.programs = {
            program.name: replace(program, env={**program.env, **QUICKLY[program.name]})
            for program in programs(self.ports, self.data)
        }

    def start(self, program: Program) -> None:
        supervisor = Supervisor(self.data / "logs")
        supervisor.__enter__()
        self.running[program.name] = supervisor
        supervisor.start(program)
        supervisor.wait_ready(60)

    def stop(self, name: str) -> None:
        self.running.pop(name).stop()

    def close(self) -> None:
        for name in reversed(list(self.running)):
            self.stop(name)

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        self.stop(name)
        try:
            yield
        finally:
            self.start(self.programs[name])

    @contextmanager
    def otherwise(
        self, name: str, env: Mapping[str, str] | None = None, *, argv: tuple[str, str] = ("", "")
    ) -> Iterator[None]:
        """The program with more environment, or with one word of its command line replaced."""
        program = self.programs[name]
        words = [argv[1] if word == argv[0] else word for word in program.argv]
        self.stop(name)
        self.start(replace(program, argv=words, env={**program.env, **(env or {})}))
        try:
            yield
        finally:
            self.stop(name)
            self.start(program)

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        url = f"http://127.0.0.1:{self.ports.orders}/faults/{name}"
        httpx2.put(url).raise_for_status()
        try:
            yield
        finally:
            httpx2.delete(url).raise_for_status()

    @property
    def environment(self) -> dict[str, str]:
        return {
            "SIGHTLINE_DATA": str(self.data),
            "SIGHTLINE_PORT": str(self.ports.viewer),
            "SIGHTLINE_OTLP_HTTP_PORT": str(self.ports.otlp_http),
            "SIGHTLINE_OTLP_GRPC_PORT": str(self.ports.otlp_grpc),
            "ORDERS_PORT": str(self.ports.orders),
            "PAYMENTS_PORT": str(self.ports.payments),
            "PROMETHEUS_PORT": str(self.elsewhere.viewer),
            "LOKI_PORT": str(self.elsewhere.orders),
            "TEMPO_PORT": str(self.elsewhere.payments),
        }

    def doctor(self, *flags: str) -> tuple[int, dict[str, Any]]:
        """The exit code, and what it says to a machine."""
        # A process of its own: what else this one writes to stdout is not doctor's.
        said = subprocess.run(
            [
                sys.executable,
                "-m",
                "sightline",
                "doctor",
                "--json",
                f"--wait={WAIT_SECONDS}",
                *flags,
            ],
            env={**os.environ, **self.environment},
            capture_output=True,
            text=True,
            timeout=100,
            check=False,
        )
        return said.returncode, json.loads(said.stdout)
