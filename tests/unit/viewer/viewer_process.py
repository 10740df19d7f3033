"""A real viewer process on free ports, and what a test asks of it."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

from loopback import free_ports

T = TypeVar("T")
PROTOBUF = "application/x-protobuf"


class Answer(NamedTuple):
    status: int
    headers: dict[str, str]
    body: bytes


def eventually(ask: Callable[[], T], what: str, seconds: float = 10) -> T:
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds} s"
        time.sleep(0.02)
    return answer


@dataclass
class Viewer:
    process: subprocess.Popen[str]
    port: int
    otlp_http: int
    otlp_grpc: int

    def get(self, path: str, headers: dict[str, str] | None = None, **params: str) -> Answer:
        query = f"?{urllib.parse.urlencode(params)}" if params else ""
        return request(f"http://127.0.0.1:{self.port}{path}{query}", headers=headers)

    def json(self, path: str, **params: str) -> Any:
        answer = self.get(path, **params)
        assert answer.status == 200, answer.body
        return json.loads(answer.body)

    def post(self, path: str, body: bytes, kind: str = PROTOBUF, **headers: str) -> Answer:
        named = {"content-type": kind, **{k.replace("_", "-"): v for k, v in headers.items()}}
        return request(f"http://127.0.0.1:{self.otlp_http}{path}", body, named)

    def query(self, expression: str) -> list[dict[str, Any]]:
        return list(self.json("/api/v1/query", query=expression)["data"]["result"])

    def rows(self, table: str) -> int:
        return int(self.json("/api/status")["store"]["rows"][table])

    def stored(self, table: str, count: int) -> None:
        """Wait until exactly so many rows are stored; more would never become fewer."""
        eventually(lambda: self.rows(table) >= count, f"row {count} of {table}")
        assert self.rows(table) == count

    def stop(self, number: signal.Signals = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=20)


def request(url: str, body: bytes | None = None, headers: dict[str, str] | None = None) -> Answer:
    asked = urllib.request.Request(url, data=body, headers=headers or {})
    try:
        with urllib.request.urlopen(asked, timeout=30) as answer:
            return Answer(answer.status, _lower(answer.headers.items()), answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, _lower(error.headers.items()), error.read())


def _lower(items: Any) -> dict[str, str]:
    return {str(key).lower(): str(value) for key, value in items}


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "sightline", "view", *arguments]


@contextmanager
def viewer(
    data: Path | None, *arguments: str, before: Sequence[str] = (), **env: str
) -> Iterator[Viewer]:
    """Ready when it says so; ended with the test. `before` is a command that runs it."""
    page, http, grpc = free_ports(3)
    ports = ["--port", str(page), "--otlp-http-port", str(http), "--otlp-grpc-port", str(grpc)]
    kept = ["--memory"] if data is None else ["--data", str(data)]
    process = subprocess.Popen(
        [*before, *command(*ports, *kept, *arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1", **env},
    )
    running = Viewer(process, page, http, grpc)
    try:
        eventually(lambda: _ready(running), "the viewer", 30)
        yield running
    finally:
        process.kill()
        output, _ = process.communicate(timeout=20)
        print(output)


def _ready(running: Viewer) -> bool:
    if running.process.poll() is not None:
        assert running.process.stdout is not None
        raise AssertionError(f"the viewer ended: {running.process.stdout.read()}")
    try:
        return running.get("/healthz").status == 200
    except urllib.error.URLError:
        return False
