"""The stack as processes on free ports: compose's commands and files, other hosts and folders."""

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest
import yaml
from composed import ROOT, Composed, services
from process import Process
from servers import RELEASES, program
from shortened_rules import write_shortened_rules

# Where each service listens in compose, by what for.
PORTS = {
    "orders": [8000],
    "payments": [8001],
    "postgres": [5432],
    "otel-collector": [4317, 4318, 8888, 13133],
    "prometheus": [9090],
    "loki": [3100, 9095],
    "tempo": [3200, 4317, 9095, 7946],
    "jaeger": [16686, 4317, 8888, 13133],
    "viewer": [3000, 4317, 4318],
}
TRACE_STORES = ("tempo", "jaeger")
PROGRAMS = {"otel-collector": "otelcol"}


@dataclass
class System:
    # orders and payments last: they need a place to send to and a database to keep things in.
    STARTED: ClassVar[tuple[str, ...]] = (
        *("prometheus", "loki", *TRACE_STORES, "otel-collector"),
        *("postgres", "payments", "orders"),
    )
    folder: Path
    settings: dict[str, str] = field(default_factory=dict)
    given: dict[str, dict[str, str]] = field(default_factory=dict)  # more environment, by service
    shortened: bool = False  # rules whose windows are a fraction of what ships
    absent: list[str] = field(default_factory=list)
    processes: dict[str, Process] = field(default_factory=dict)
    of_postgres: Path | None = None  # its folder
    scraped: frozenset[str] = frozenset()  # the jobs that answer a scrape

    def __post_init__(self) -> None:
        self.ports = _free_ports()
        self.composed = services(self.settings)
        self._prepare()
        for name, more in self.given.items():
            self.composed[name].environment.update(more)
        for name in (name for name in self.STARTED if name in self.composed):
            process = getattr(self, f"_{name.replace('-', '_')}")(self.composed[name])
            if process is None:
                self.absent.append(name)
            else:
                self.processes[name] = process
        self.scraped = frozenset(self.processes) - {"postgres", "payments"}

    def start(self) -> None:
        for process in self.processes.values():
            process.start()
            if process.name in {"postgres", "payments"}:  # orders asks for them at its start
                process.await_ready()
        for process in self.processes.values():
            process.await_ready()

    def require(self, name: str) -> None:
        """Skips a test that needs a server which is not on this machine."""
        if name in self.absent:
            pytest.skip(f"{name} is not here. {RELEASES[name].remedy}")

    def stop(self) -> None:
        for process in reversed(self.processes.values()):
            process.stop()
        if self.of_postgres:
            shutil.rmtree(self.of_postgres)

    def port(self, name: str, number: int = 0) -> int:
        return self.ports[name, number or PORTS[name][0]]

    def url(self, name: str, number: int = 0) -> str:
        return f"http://127.0.0.1:{self.port(name, number)}"

    def data(self, name: str) -> Path:
        folder = self.folder / "data" / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def _prometheus(self, composed: Composed) -> Process | None:
        folders = {
            "/etc/prometheus": str(self.folder / "prometheus"),
            "=/prometheus": f"={self.data('prometheus')}",
        }
        return self._process(
            composed,
            [*composed.command, f"--web.listen-address=127.0.0.1:{self.port('prometheus')}"],
            folders,
            ready=f"{self.url('prometheus')}/-/ready",
        )

    def _loki(self, composed: Composed) -> Process | None:
        env = {
            "LOKI_ADDRESS": "127.0.0.1",
            "LOKI_PORT": str(self.port("loki")),
            "LOKI_GRPC_PORT": str(self.port("loki", 9095)),
            "LOKI_FOLDER": str(self.data("loki")),
        }
        return self._process(
            composed,
            composed.command,
            _mounted(composed),
            env,
            ready=f"{self.url('loki')}/ready",
        )

    def _tempo(self, composed: Composed) -> Process | None:
        env = {
            "TEMPO_ADDRESS": "127.0.0.1",
            "TEMPO_PORT": str(self.port("tempo")),
            "TEMPO_GRPC_PORT": str(self.port("tempo", 9095)),
            "TEMPO_OTLP_ENDPOINT": f"127.0.0.1:{self.port('tempo', 4317)}",
            "TEMPO_FOLDER": str(self.data("tempo")),
            "PROMETHEUS_URL": self.url("prometheus"),
        }
        command = [*composed.command, f"-memberlist.bind-port={self.port('tempo', 7946)}"]
        return self._process(
            composed,
            command,
            _mounted(composed),
            env,
            ready=f"{self.url('tempo')}/ready",
        )

    def _jaeger(self, composed: Composed) -> Process | None:
        env = {
            "JAEGER_ENDPOINT": f"127.0.0.1:{self.port('jaeger')}",
            "JAEGER_OTLP_ENDPOINT": f"127.0.0.1:{self.port('jaeger', 4317)}",
            "JAEGER_HEALTH_ENDPOINT": f"127.0.0.1:{self.port('jaeger', 13133)}",
            "JAEGER_METRICS_HOST": "127.0.0.1",
            "JAEGER_METRICS_PORT": str(self.port("jaeger", 8888)),
            "JAEGER_FOLDER": str(self.data("jaeger")),
        }
        ready = f"{self.url('jaeger', 13133)}/status"
        return self._process(composed, composed.command, _mounted(composed), env, ready=ready)

    def _otel_collector(self, composed: Composed) -> Process | None:
        env = {
            "OTLP_GRPC_ENDPOINT": f"127.0.0.1:{self.port('otel-collector', 4317)}",
            "OTLP_HTTP_ENDPOINT": f"127.0.0.1:{self.port('otel-collector', 4318)}",
            "HEALTH_ENDPOINT": f"127.0.0.1:{self.port('otel-collector', 13133)}",
            "METRICS_HOST": "127.0.0.1",
            "METRICS_PORT": str(self.port("otel-collector", 8888)),
            "QUEUE_FOLDER": str(self.data("otel-collector")),
            "LOKI_URL": self.url("loki"),
            "PROMETHEUS_URL": self.url("prometheus"),
        }
        return self._process(
            composed,
            composed.command,
            _mounted(composed),
            env,
            ready=self.url("otel-collector", 13133),
        )

    def _postgres(self, composed: Composed) -> Process | None:
        server, initdb, ask = map(program, ("postgres", "initdb", "pg_isready"))
        if not server or not initdb or not ask:
            return None
        port, role = str(self.port("postgres")), composed.environment
        # Not under pytest's folder, which each run of pytest closes to other users again.
        data = self.of_postgres = Path(tempfile.mkdtemp(prefix="sightline-postgres-"))
        user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
        if user:
            shutil.chown(data, user)
        made = [
            str(initdb),
            f"--pgdata={data}",
            "--auth=trust",
            f"--username={role['POSTGRES_USER']}",
        ]
        subprocess.run(made, check=True, capture_output=True, user=user, cwd="/")
        single = [str(server), "--single", f"-D{data}", "postgres"]
        create = f"create database {role['POSTGRES_DB']};\n".encode()
        subprocess.run(single, check=True, capture_output=True, user=user, cwd="/", input=create)
        return Process(
            "postgres",
            [str(server), f"-D{data}", "-h127.0.0.1", f"-p{port}", f"-k{data}"],
            {},
            self._log("postgres"),
            ready_argv=[str(ask), "-q", "-h127.0.0.1", f"-p{port}"],
            user=user,
            cwd=data,
        )

    def _orders(self, composed: Composed) -> Process | None:
        command = [*composed.command[:1], f"--port={self.port('orders')}"]
        if "postgres" in self.absent:
            composed.environment["DATABASE_URL"] = f"sqlite:///{self.data('orders')}/orders.db"
        return self._service(composed, command)

    def _payments(self, composed: Composed) -> Process | None:
        composed.environment["PAYMENTS_DATABASE"] = str(self.data("payments") / "payments.db")
        return self._service(composed, [*composed.command[:1], f"--port={self.port('payments')}"])

    def _service(self, composed: Composed, command: list[str]) -> Process:
        name = composed.name
        return Process(
            name,
            [sys.executable, "-m", *command],
            {key: self._here(value) for key, value in composed.environment.items()},
            self._log(name),
            ready_url=f"{self.url(name)}/health",
            cwd=self.data(name),
        )

    def _process(
        self,
        composed: Composed,
        command: list[str],
        folders: dict[str, str],
        env: dict[str, str] | None = None,
        *,
        ready: str,
    ) -> Process | None:
        binary = program(PROGRAMS.get(composed.name, composed.name))
        if not binary:
            return None
        for there, here in folders.items():
            command = [word.replace(there, here) for word in command]
        environment = {key: self._here(value) for key, value in composed.environment.items()}
        return Process(
            composed.name,
            [str(binary), *command],
            {**environment, **(env or {})},
            self._log(composed.name),
            ready_url=ready,
        )

    def _prepare(self) -> None:
        """Prometheus' own files, linked; its targets with this machine's ports."""
        linked = self.folder / "prometheus"
        linked.mkdir()
        (linked / "prometheus.yml").symlink_to(ROOT / "prometheus" / "prometheus.yml")
        if self.shortened:
            write_shortened_rules(linked / "rules")
        else:
            (linked / "rules").symlink_to(ROOT / "prometheus" / "rules")
        store = self.folder / "trace-store"
        store.mkdir()
        in_use = next(name for name in TRACE_STORES if name in self.composed)
        for source, place in (("prometheus", linked), (in_use, store)):
            groups: list[dict[str, Any]] = yaml.safe_load(
                (ROOT / source / "targets.yml").read_text(),
            )
            away = {"grafana", *(name for name in TRACE_STORES if not program(name))}
            kept = [group for group in groups if group["labels"]["job"] not in away]
            text = self._here(yaml.safe_dump(kept))
            (place / "targets.yml").write_text(text)

    def _here(self, text: str) -> str:
        """The address of a compose service becomes the one of its process."""
        text = text.replace("@postgres/", f"@127.0.0.1:{self.port('postgres')}/")
        for (name, number), port in self.ports.items():
            text = text.replace(f"{name}:{number}", f"127.0.0.1:{port}")
        return text

    def _log(self, name: str) -> Path:
        return self.folder / f"{name}.log"


def _mounted(composed: Composed) -> dict[str, str]:
    return {there: here for there, here in composed.volumes.items() if here.startswith("/")}


def _free_ports() -> dict[tuple[str, int], int]:
    """Below those that outgoing connections get, which could take one before its server does."""
    wanted = [(name, number) for name, numbers in PORTS.items() for number in numbers]
    candidates = iter(random.sample(range(10_000, 32_000), 2_000))
    return {key: next(filter(_is_free, candidates)) for key in wanted}


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
        return True
