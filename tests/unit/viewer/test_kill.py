"""SIGKILL at random moments under `--durable`: nothing acknowledged is lost, nothing comes twice.

Twenty rounds, as in CI: SIGHTLINE_KILL_ROUNDS=20 pytest tests/unit/viewer/test_kill.py
"""

import os
import random
import signal
import subprocess
import threading
import time
import urllib.error
from dataclasses import dataclass, field
from pathlib import Path

import otlp_requests as otlp
import pytest
from loopback import free_ports
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from viewer_process import PROTOBUF, command, eventually, request, viewer

ROUNDS = int(os.environ.get("SIGHTLINE_KILL_ROUNDS", "4"))
SPANS = 20
# Seconds: the moment of death is drawn from both, the start and then the work.
START, WORK = 0.7, 1.5


@dataclass
class Sender:
    """Sends one request after another, each until it is acknowledged, as SDKs do."""

    port: int = 0
    acknowledged: dict[str, int] = field(default_factory=lambda: dict.fromkeys(PATHS, 0))
    resent: int = 0
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        while not self.stopping.is_set():
            for path, made in PATHS.items():
                self._send(path, made(self.acknowledged[path]))
                self.acknowledged[path] += 1

    def _send(self, path: str, body: bytes) -> None:
        while not self._is_taken(path, body):
            self.resent += 1
            time.sleep(0.02)

    def _is_taken(self, path: str, body: bytes) -> bool:
        url = f"http://127.0.0.1:{self.port}/v1/{path}"
        try:
            return request(url, body, {"content-type": PROTOBUF}).status == 200
        except (urllib.error.URLError, OSError):
            return False


def spans(_: int) -> bytes:
    return otlp.traces(SPANS).SerializeToString()


def line(number: int) -> bytes:
    return otlp.logs(f"line {number}").SerializeToString()


def point(number: int) -> bytes:
    metric = Metric(name="sent")
    metric.gauge.data_points.add(time_unix_nano=time.time_ns(), as_int=number)
    return otlp.metrics(metric).SerializeToString()


PATHS = {"traces": spans, "logs": line, "metrics": point}


@pytest.mark.timeout(60 + 60 * ROUNDS)
def test_nothing_acknowledged_is_lost_nothing_is_twice_and_it_always_reopens(
    tmp_path: Path,
) -> None:
    seed = time.time_ns()
    print("seed", seed)
    moments, sender = random.Random(seed), Sender()
    thread = threading.Thread(target=sender.run, daemon=True)
    thread.start()
    for _ in range(ROUNDS):
        killed_within(tmp_path, sender, moments.uniform(0, START + WORK))
    with viewer(tmp_path, "--durable") as last:
        before, sender.port = sum(sender.acknowledged.values()), last.otlp_http
        while sum(sender.acknowledged.values()) < before + 10:
            assert thread.is_alive()
            time.sleep(0.01)
        sender.stopping.set()
        thread.join(60)
        assert not last.json("/api/status")["store"]["set_aside"]
        assert last.rows("spans") == sender.acknowledged["traces"] * SPANS
        assert last.rows("logs") == sender.acknowledged["logs"]
        (sent,) = last.query("sent")
        assert int(sent["value"][1]) == sender.acknowledged["metrics"] - 1
        assert (
            int(last.query("count_over_time(sent[1h])")[0]["value"][1])
            == (sender.acknowledged["metrics"])
        )
    print(sender.acknowledged, "requests acknowledged,", sender.resent, "sent again")


def killed_within(data: Path, sender: Sender, moment: float) -> None:
    """Start a viewer; kill it while it starts, or so long after it first acknowledged."""
    page, http, grpc = free_ports(3)
    ports = ["--port", str(page), "--otlp-http-port", str(http), "--otlp-grpc-port", str(grpc)]
    before, sender.port = sum(sender.acknowledged.values()), http
    with subprocess.Popen(command(*ports, "--data", str(data), "--durable")) as process:
        if moment >= START:
            eventually(lambda: sum(sender.acknowledged.values()) > before, "an answer", 60)
            time.sleep(moment - START)
        else:
            time.sleep(moment)
        process.kill()
    assert process.returncode == -signal.SIGKILL
