"""The stack for doctor: each part can be stopped, run otherwise, or bent, and is healed again."""

import argparse
import io
import json
import os
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx2
import yaml
from grafana_stand_in import GrafanaStandIn
from process import Process
from stores import eventually
from system import System

from sightline.proof.doctor import command
from sightline.proof.stores import Stores

WAIT_SECONDS = 10  # a scrape and a push of five seconds each, on a busy machine
UIDS = ("prometheus", "loki", "tempo")


@dataclass
class Patients:
    system: System

    def __post_init__(self) -> None:
        if "tempo" in self.system.absent:
            self._let_the_viewer_keep_traces()
        self.grafana = GrafanaStandIn({uid: self.system.url(uid) for uid in UIDS})

    def _let_the_viewer_keep_traces(self) -> None:
        """Tempo is no Go module; where it is absent the viewer answers in its place."""
        ports = {
            "--port": self.system.port("tempo"),
            "--otlp-grpc-port": self.system.port("tempo", 4317),
            "--otlp-http-port": self.system.port("tempo", 9095),
        }
        viewer = Process(
            "tempo",
            [sys.executable, "-m", "sightline", "view", "--memory"]
            + [f"{flag}={port}" for flag, port in ports.items()],
            {},
            self.system.folder / "tempo.log",
            ready_url=f"{self.system.url('tempo')}/healthz",
        )
        self.system.processes = {"tempo": viewer, **self.system.processes}

    @property
    def environment(self) -> dict[str, str]:
        system = self.system
        return {
            "SIGHTLINE_PORT": str(self.grafana.port),
            "SIGHTLINE_OTLP_HTTP_PORT": str(system.port("otel-collector", 4318)),
            "SIGHTLINE_OTLP_GRPC_PORT": str(system.port("otel-collector", 4317)),
            "ORDERS_PORT": str(system.port("orders")),
            "PAYMENTS_PORT": str(system.port("payments")),
            "PROMETHEUS_PORT": str(system.port("prometheus")),
            "LOKI_PORT": str(system.port("loki")),
            "TEMPO_PORT": str(system.port("tempo")),
        }

    def doctor(self, *flags: str, **env: str) -> tuple[int, dict[str, Any]]:
        """The exit code, and what it says to a machine."""
        parser = argparse.ArgumentParser()
        command.add_arguments(parser)
        stdout = f"--stdout={self.system.folder / 'orders.log'}"
        collector = f"--collector={self.system.url('otel-collector', 8888)}"
        given = parser.parse_args(["--json", f"--wait={WAIT_SECONDS}", stdout, collector, *flags])
        with redirect_stdout(io.StringIO()) as said:
            code = command.run(given, {**self.environment, **env})
        return code, json.loads(said.getvalue())

    @contextmanager
    def without(self, name: str) -> Iterator[None]:
        process = self.system.processes[name]
        process.stop()
        try:
            yield
        finally:
            process.start()
            process.await_ready()

    @contextmanager
    def hanging(self, name: str) -> Iterator[None]:
        """It listens and says nothing."""
        process = self.system.processes[name]
        os.killpg(process.pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.killpg(process.pid, signal.SIGCONT)
            eventually(lambda: _answers(process), 30, f"{name} after it hung")

    @contextmanager
    def otherwise(
        self,
        name: str,
        env: Mapping[str, str] | None = None,
        *,
        less: str = "",
        more: str = "",
    ) -> Iterator[None]:
        """The part with more environment, or with less or more words on its command line."""
        process = self.system.processes[name]
        argv, given = list(process.argv), dict(process.env)
        process.stop()
        process.argv = [word for word in argv if not less or less not in word]
        process.argv += [more] if more else []
        process.env = {**given, **(env or {})}
        try:
            process.start()
            process.await_ready()
            yield
        finally:
            process.stop()
            process.argv, process.env = argv, given
            process.start()
            process.await_ready()

    @contextmanager
    def ending_elsewhere(self, kind: str) -> Iterator[None]:
        """The Collector's pipeline of this signal ends in a store that nobody looks at."""
        with _serving(_Sink) as port:
            exporter = {"endpoint": f"http://127.0.0.1:{port}"}
            pipelines = {kind: {"exporters": ["otlp_http/elsewhere"]}}
            overlay = {
                "exporters": {"otlp_http/elsewhere": exporter},
                "service": {"pipelines": pipelines},
            }
            with self.overlaid(overlay):
                yield

    @contextmanager
    def overlaid(self, overlay: dict[str, Any]) -> Iterator[None]:
        """The Collector with another configuration over its own."""
        path = self.system.folder / "overlay.yaml"
        path.write_text(yaml.safe_dump(overlay))
        with self.otherwise("otel-collector", more=f"--config={path}"):
            yield

    @contextmanager
    def targeting(self, address: str | None) -> Iterator[None]:
        """Prometheus with another address for orders, or with none."""
        path = self.system.folder / "prometheus" / "targets.yml"
        before = path.read_text()
        groups = yaml.safe_load(before)
        for group in groups:
            if group["labels"]["job"] == "orders":
                group["targets"] = [address] if address else []
        self._retarget(path, yaml.safe_dump(groups))
        self._await_target(address)
        try:
            yield
        finally:
            self._retarget(path, before)
            self._await_target(f"127.0.0.1:{self.system.port('orders')}")

    @contextmanager
    def scraping_another(self) -> Iterator[None]:
        """Prometheus looks elsewhere, and still holds the counts of orders' life before this."""
        orders = self.system.processes["orders"]
        for _ in range(10):
            httpx2.get(f"{self.system.url('orders')}/orders").raise_for_status()
        stores = Stores(*map(self.system.url, UIDS))
        eventually(lambda: stores.number("sum(http_requests_total)") >= 10, 30, "a scrape")
        orders.stop()
        orders.start()
        orders.await_ready()
        with self.targeting(f"127.0.0.1:{self.system.port('loki')}"):
            yield

    def _retarget(self, path: Path, text: str) -> None:
        """Whole at once: Prometheus looks as soon as the file changes."""
        new = path.with_suffix(".new")
        new.write_text(text)
        new.replace(path)

    def _await_target(self, address: str | None) -> None:
        url = f"{self.system.url('prometheus')}/api/v1/targets?state=active"

        def known() -> bool:
            active = httpx2.get(url, timeout=5).json()["data"]["activeTargets"]
            orders = [one for one in active if one["labels"]["job"] == "orders"]
            looked = all(one["health"] != "unknown" for one in orders)
            return looked and [one["labels"]["instance"] for one in orders] == (
                [address] if address else []
            )

        eventually(known, 30, "the target")

    @contextmanager
    def fault(self, name: str) -> Iterator[None]:
        url = f"{self.system.url('orders')}/faults/{name}"
        httpx2.put(url).raise_for_status()
        try:
            yield
        finally:
            httpx2.delete(url).raise_for_status()

    @contextmanager
    def bent(self) -> Iterator[GrafanaStandIn]:
        """Grafana, to be bent; as provisioned afterwards."""
        try:
            yield self.grafana
        finally:
            self.grafana.reset()


def _answers(process: Process) -> bool:
    try:
        return httpx2.get(str(process.ready_url), timeout=2).status_code == 200
    except httpx2.HTTPError:
        return False


class _Sink(BaseHTTPRequestHandler):
    """Takes everything, as a store would."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """What is asked of it is no news."""


@contextmanager
def clock_off(url: str, seconds: float) -> Iterator[int]:
    """The port of a proxy before a store that says another time."""

    class Proxy(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = httpx2.get(url + self.path, timeout=10)
            said = parsedate_to_datetime(answer.headers["date"]).timestamp()
            self.send_response_only(answer.status_code)
            self.send_header("Date", formatdate(said + seconds, usegmt=True))
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, *_: object) -> None:
            """What is asked of it is no news."""

    with _serving(Proxy) as port:
        yield port


@contextmanager
def _serving(handler: type[BaseHTTPRequestHandler]) -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
