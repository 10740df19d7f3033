"""The stack as docker compose runs it, asked through the ports that it publishes."""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass, field
from typing import Any

import pytest
from composed import ROOT
from process import Process
from servers import program

# The published ports, by what docker-compose.yml calls them.
PUBLISHED = {
    ("orders", 8000): "ORDERS_PORT",
    ("payments", 8001): "PAYMENTS_PORT",
    ("otel-collector", 4317): "SIGHTLINE_OTLP_GRPC_PORT",
    ("otel-collector", 4318): "SIGHTLINE_OTLP_HTTP_PORT",
    ("prometheus", 9090): "PROMETHEUS_PORT",
    ("loki", 3100): "LOKI_PORT",
    ("tempo", 3200): "TEMPO_PORT",
}


@dataclass
class Engine:
    """Answers as System does, for the questions that do not ask for a process."""

    absent: list[str] = field(default_factory=list)
    processes: dict[str, Process] = field(default_factory=dict)
    scraped: frozenset[str] = frozenset(
        {"orders", "otel-collector", "prometheus", "loki", "tempo", "grafana"}
    )

    def start(self) -> None:
        settings = {"SIGHTLINE_FAULTS": "1"}
        compose("up", "--wait", *os.environ.get("COMPOSE_UP", "").split(), **settings)

    def stop(self) -> None:
        """It stays up: it was somebody's before."""

    def url(self, name: str, number: int = 0) -> str:
        default = number or next(port for service, port in PUBLISHED if service == name)
        return f"http://127.0.0.1:{os.environ.get(PUBLISHED[name, default]) or default}"

    def require(self, name: str) -> None:
        if name in self.absent:
            pytest.skip(f"{name} is not part of this stack")


def compose(*arguments: str, **settings: str) -> str:
    """`docker compose`, by the plugin or by the program that `python -m servers` builds."""
    own = program("docker-compose")
    plugin = subprocess.run(["docker", "compose", "version"], capture_output=True, check=False)
    command = ["docker", "compose"] if plugin.returncode == 0 else [str(own)]
    return run(*command, *arguments, **settings)


def containers() -> dict[str, dict[str, Any]]:
    """What the engine says of each container, by its service."""
    ids = compose("ps", "--all", "--quiet").split()
    found: list[dict[str, Any]] = json.loads(run("docker", "inspect", *ids))
    return {one["Config"]["Labels"]["com.docker.compose.service"]: one for one in found}


def run(*command: str, **settings: str) -> str:
    assert shutil.which(command[0]), f"{command[0]} is not on PATH"
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"{' '.join(command)}: {done.stdout}{done.stderr}"
    return done.stdout
