"""docs/instrument-your-app.md as a person would follow it, on the bookshop, with free ports."""

import json
import os
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx2
from opentelemetry.instrumentation.utils import suppress_instrumentation
from running_system import System, free_ports

from sightline.demo import Ports
from sightline.supervisor import Program, Supervisor

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "instrument-your-app.md").read_text()
BOARD = json.loads((ROOT / "grafana" / "dashboards" / "service.json").read_text())
SERVICE = "bookshop"


def blocks(section: str, language: str) -> list[str]:
    """The fenced blocks of one section of the page."""
    text = re.split(rf"^## {section}$", PAGE, flags=re.MULTILINE)[1]
    text = re.split(r"^## ", text, flags=re.MULTILINE)[0]
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@dataclass
class OwnApp(System):
    """The app behind its server, and the viewer that hears of it."""

    section: str = ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports.orders}"

    def panels(self) -> dict[str, list[str]]:
        """The Service dashboard's Prometheus panels and what they ask about this service."""
        return {
            panel["title"]: [_filled(target["expr"]) for target in panel["targets"]]
            for panel in BOARD["panels"]
            if panel.get("targets") and panel["targets"][0]["datasource"]["uid"] == "prometheus"
        }

    def lines_query(self) -> str:
        """What its panel of log lines asks."""
        (panel,) = [panel for panel in BOARD["panels"] if panel["type"] == "logs"]
        return _filled(panel["targets"][0]["expr"])


def _filled(query: str) -> str:
    values = {"$service": SERVICE, "$environment": ".*", "$__rate_interval": "10m"}
    for name, value in values.items():
        query = query.replace(name, value)
    return query


def run_own_app(section: str, folder: Path) -> Iterator[OwnApp]:
    ports = free_ports()
    shutil.copytree(Path(__file__).parent / SERVICE, folder / SERVICE)
    for code in blocks(section, "python"):
        module, _, lines = code.removeprefix("# ").partition("\n")
        with (folder / module).open("a") as file:
            file.write(lines)
    commands = [block for block in blocks(section, "sh") if "pip install" not in block]
    app, viewer = sorted(commands, key=lambda command: "sightline view" in command)
    programs = [
        _program("viewer", folder, viewer, ports, f"http://127.0.0.1:{ports.viewer}/healthz"),
        _program("app", folder, app, ports, f"http://127.0.0.1:{ports.orders}/docs"),
    ]
    with (
        # Other tests of this process may have instrumented the client: the traceparent is ours.
        suppress_instrumentation(),
        Supervisor(folder / "logs") as supervisor,
        httpx2.Client(timeout=20) as client,
    ):
        for program in programs:
            supervisor.start(program)
            supervisor.wait_ready(60)
        yield OwnApp(ports, supervisor, {}, client, section)


def _program(name: str, folder: Path, block: str, ports: Ports, ready: str) -> Program:
    """The block as a person would paste it, but for the port and who else is on this machine."""
    command = block.replace("8080", str(ports.orders)).replace("4318", str(ports.otlp_http))
    environment = {
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "SIGHTLINE_PORT": str(ports.viewer),
        "SIGHTLINE_OTLP_HTTP_PORT": str(ports.otlp_http),
        "SIGHTLINE_OTLP_GRPC_PORT": str(ports.otlp_grpc),
        "SIGHTLINE_MEMORY": "1",
        "SIGHTLINE_SCRAPE_INTERVAL": "1s",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{ports.otlp_http}",
        "OTEL_METRIC_EXPORT_INTERVAL": "1000",
    }
    script = f"cd {shlex.quote(str(folder))} && exec env {command}"
    return Program(name, ["sh", "-c", script], ready, environment)
