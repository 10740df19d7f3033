"""A viewer process on free ports, ready to be looked at."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from loopback import free_ports

from sightline.supervisor import Program, Supervisor


@dataclass(frozen=True)
class Viewing:
    page: str
    otlp: int
    supervisor: Supervisor


@contextmanager
def viewing(folder: Path, *flags: str, **environment: str) -> Iterator[Viewing]:
    """It keeps its output in the folder, and nothing else."""
    page, http, grpc = free_ports(3)
    ports = ["--port", page, "--otlp-http-port", http, "--otlp-grpc-port", grpc]
    address = f"http://127.0.0.1:{page}"
    program = Program(
        "viewer",
        [sys.executable, "-m", "sightline", "view", "--memory", *map(str, ports), *flags],
        f"{address}/healthz",
        {"SIGHTLINE_CONFIG": os.devnull, **environment},
    )
    with Supervisor(folder) as supervisor:
        supervisor.start(program)
        supervisor.wait_ready(60)
        yield Viewing(address, http, supervisor)
