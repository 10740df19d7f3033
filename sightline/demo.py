"""`sightline demo`: viewer, orders, payments and gentle traffic, with nothing but Python."""

import json
import os
import signal
import socket
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sightline import roster
from sightline.supervisor import Program, ProgramError, StopRequested, Supervisor

READY_SECONDS = 60.0
FIRST_DATA_SECONDS = 30.0


class DemoError(Exception):
    """What keeps the demo from running, in one line with its remedy."""


@dataclass(frozen=True)
class Ports:
    """Where everything listens, on 127.0.0.1; each by an environment variable of its own."""

    viewer: int
    otlp_http: int
    otlp_grpc: int
    orders: int
    payments: int

    @classmethod
    def from_environment(cls, env: Mapping[str, str]) -> "Ports":
        return cls(**{field: _port(env, *setting) for field, setting in _PORT_SETTINGS.items()})


_PORT_SETTINGS = {
    "viewer": ("SIGHTLINE_PORT", 3000),
    "otlp_http": ("SIGHTLINE_OTLP_HTTP_PORT", 4318),
    "otlp_grpc": ("SIGHTLINE_OTLP_GRPC_PORT", 4317),
    "orders": ("ORDERS_PORT", 8000),
    "payments": ("PAYMENTS_PORT", 8001),
}


# The demo is the same whatever a viewer of one's own is set to.
_OPEN = {"SIGHTLINE_CONFIG": os.devnull, "SIGHTLINE_TOKEN": "", "SIGHTLINE_OTLP_KEYS": ""}

_LOG_SETTINGS = {
    "LOG_LEVEL": ("debug", "info", "warning", "error", "critical"),
    "LOG_FORMAT": ("json", "console"),
}


def _port(env: Mapping[str, str], name: str, default: int) -> int:
    text = env.get(name) or str(default)
    if not text.isascii() or not text.isdigit() or not 0 < int(text) < 65536:  # noqa: PLR2004 — TCP's own bound
        raise DemoError(f"{name}={text!r} is not a port: give a number from 1 to 65535.")
    return int(text)


def run(data: Path, env: Mapping[str, str] = os.environ) -> int:
    """Run until SIGINT or SIGTERM; return the exit code."""
    stopping: list[int] = []
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: stopping.append(got))
    try:
        ports = Ports.from_environment(env)
        _require_log_settings(env)
        _require_free(ports)
        _require_writable(data)
        with Supervisor(data / "logs", stopped=lambda: bool(stopping)) as supervisor:
            _run_until_stopped(supervisor, ports, data)
    except StopRequested:
        _say(f"Stopped. Nothing is left running; the data stays in {data}.")
    except (DemoError, ProgramError) as error:
        print(f"sightline demo: {error}", file=sys.stderr)  # noqa: T201 — a command's own output
        return 1
    return 0


def _run_until_stopped(supervisor: Supervisor, ports: Ports, data: Path) -> None:
    try:
        _start(supervisor, ports, data)
        with roster.told(data, supervisor.process_ids):  # for drills
            supervisor.watch()
    except StopRequested:
        _say("\nStopping: traffic, services, viewer ...")
        raise


def _start(supervisor: Supervisor, ports: Ports, data: Path) -> None:
    began = time.monotonic()
    for program in programs(ports, data):
        supervisor.start(program)
    supervisor.wait_ready(READY_SECONDS)
    supervisor.start(_traffic(ports))
    _wait_for_first_data(supervisor, ports)
    _say(f"Ready in {time.monotonic() - began:.1f} s.")
    _say(_what_to_try(ports, supervisor.log_path("orders")))


def programs(ports: Ports, data: Path) -> list[Program]:
    otlp = f"http://127.0.0.1:{ports.otlp_http}"
    scrape = f"orders=http://127.0.0.1:{ports.orders}/metrics"
    telemetry = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": otlp,
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_METRIC_EXPORT_INTERVAL": "5000",
        "OTEL_RESOURCE_ATTRIBUTES": "service.namespace=sightline,deployment.environment.name=demo",
    }
    return [
        Program(
            "viewer",
            [
                *_python("sightline", "view", "--port", str(ports.viewer)),
                *("--otlp-http-port", str(ports.otlp_http)),
                *("--otlp-grpc-port", str(ports.otlp_grpc)),
                *("--data", str(data / "viewer"), "--scrape", scrape),
            ],
            f"http://127.0.0.1:{ports.viewer}/healthz",
            _OPEN | {"SIGHTLINE_ENVIRONMENT": "demo"},
            stop_seconds=20,
        ),
        Program(
            "payments",
            _python("payments", "--port", str(ports.payments)),
            f"http://127.0.0.1:{ports.payments}/health",
            {**telemetry, "PAYMENTS_DATABASE": str(data / "payments.db")},
        ),
        Program(
            "orders",
            _python("orders", "--port", str(ports.orders)),
            f"http://127.0.0.1:{ports.orders}/health",
            {
                **telemetry,
                "DATABASE_URL": f"sqlite+aiosqlite:///{data / 'orders.db'}",
                "PAYMENTS_URL": f"http://127.0.0.1:{ports.payments}",
                "SIGHTLINE_FAULTS": "1",
            },
        ),
    ]


def _traffic(ports: Ports) -> Program:
    host = f"http://127.0.0.1:{ports.orders}"
    return Program("load", _python("load", "--gentle", "--host", host))


def _python(module: str, *arguments: str) -> list[str]:
    return [sys.executable, "-m", module, *arguments]


def _require_log_settings(env: Mapping[str, str]) -> None:
    """What every service would refuse, said once and before any of them starts."""
    for name, allowed in _LOG_SETTINGS.items():
        value = env.get(name) or allowed[0]
        if value.lower() not in allowed:
            raise DemoError(f"{name}={value!r} is not one of {', '.join(allowed)} (any case).")


def _require_free(ports: Ports) -> None:
    for field, (setting, _) in _PORT_SETTINGS.items():
        port = getattr(ports, field)
        with socket.socket() as probe:
            # As servers do: a connection of a run before, still in TIME_WAIT, is no obstacle.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise DemoError(
                    f"port {port} ({field}) cannot be taken: {error.strerror}. "
                    f"Stop what holds it, or choose another: {setting}={port + 10000} make demo"
                ) from error


def _require_writable(data: Path) -> None:
    try:
        # Orders and lines hold people's addresses: nobody else's to read.
        data.mkdir(mode=0o700, parents=True, exist_ok=True)
        (data / "logs").mkdir(exist_ok=True)
        mark = data / ".writable"
        mark.touch()
        mark.unlink()
    except OSError as error:
        raise DemoError(
            f"cannot write to {data}: {error.strerror}. "
            "Give a folder you own: SIGHTLINE_DATA=~/sightline-data make demo"
        ) from error


def _wait_for_first_data(supervisor: Supervisor, ports: Ports) -> None:
    deadline = time.monotonic() + FIRST_DATA_SECONDS
    while not _requests_seen(ports):
        supervisor.check()
        if time.monotonic() > deadline:
            raise DemoError(
                f"the viewer has seen no request of orders within {FIRST_DATA_SECONDS:.0f} s; "
                f"look into {supervisor.log_path('viewer')} and {supervisor.log_path('load')}"
            )
        time.sleep(0.1)


def _requests_seen(ports: Ports) -> bool:
    query = urllib.parse.urlencode({"query": 'sum(http_requests_total{job="orders"})'})
    url = f"http://127.0.0.1:{ports.viewer}/api/v1/query?{query}"
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            result = json.load(answer)["data"]["result"]
    except urllib.error.URLError:
        return False
    return bool(result) and float(result[0]["value"][1]) > 0


def _what_to_try(ports: Ports, orders_log: Path) -> str:
    page, orders = f"http://127.0.0.1:{ports.viewer}", f"http://127.0.0.1:{ports.orders}"
    return f"""
  Open  {page}

  1. Open Logs, click "Trace" on any line: the request across orders and payments.
  2. Place an order of your own, under a request id of your own, and look at its lines:
       curl -X POST {orders}/checkout -H 'X-Request-ID: mine' \\
         -H 'content-type: application/json' \\
         -d '{{"product_id": 1, "quantity": 2, "payment_method": "card",
              "currency": "EUR", "user_email": "ada@example.com"}}'
       {page}/logs?field=request_id=mine
  3. Make the database slow, watch p95 rise and a trace name the culprit; then heal it:
       curl -X PUT {orders}/faults/slow-db
       curl -X DELETE {orders}/faults/slow-db
  4. See an incident from its alert to its trace, in another terminal: make drill

  The services' own lines are in {orders_log.parent}. Ctrl-C ends everything.
"""


def _say(text: str) -> None:
    print(text, flush=True)  # noqa: T201 — a command's own output
