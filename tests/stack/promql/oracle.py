"""A real Prometheus of one test run, fed by remote write so that stale markers survive."""

import json
import socket
import struct
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from sightline.viewer.promql.samples import Series

STALE = struct.unpack("<d", struct.pack("<Q", 0x7FF0000000000002))[0]
READY_SECONDS = 30
CONFIG = "storage:\n  tsdb:\n    out_of_order_time_window: 1000d\n"


@dataclass(frozen=True)
class Oracle:
    url: str
    client: httpx2.Client

    def ask(self, path: str, params: Mapping[str, Any]) -> tuple[int, dict[str, Any]]:
        answer = self.client.post(f"{self.url}/api/v1/{path}", data=dict(params))
        return answer.status_code, json.loads(answer.text)

    def write(self, series: Sequence[Series]) -> None:
        headers = {
            "Content-Encoding": "snappy",
            "Content-Type": "application/x-protobuf",
            "X-Prometheus-Remote-Write-Version": "0.1.0",
        }
        for each in series:
            answer = self.client.post(
                f"{self.url}/api/v1/write",
                content=_snappy(_request(each)),
                headers=headers,
            )
            assert answer.status_code < 300, answer.text


@contextmanager
def running(program: Path, folder: Path, more: str = "") -> Iterator[Oracle]:
    (folder / "prometheus.yml").write_text(CONFIG + more)
    port = _free_port()
    command = [
        str(program),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        "--storage.tsdb.retention.time=100y",
        f"--web.listen-address=127.0.0.1:{port}",
        "--web.enable-remote-write-receiver",
        "--enable-feature=promql-experimental-functions,promql-binop-fill-modifiers",
    ]
    log = (folder / "prometheus.log").open("w")
    with log, subprocess.Popen(command, stdout=log, stderr=log) as process:
        try:
            with httpx2.Client(timeout=30) as client:
                url = f"http://127.0.0.1:{port}"
                _await(client, f"{url}/-/ready", process)
                yield Oracle(url, client)
        finally:
            process.terminate()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _await(client: httpx2.Client, url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + READY_SECONDS
    while time.monotonic() < deadline:
        assert process.poll() is None, "prometheus ended at its start; see its log"
        try:
            if client.get(url).status_code == 200:
                return
        except httpx2.TransportError:
            pass
        time.sleep(0.1)
    raise TimeoutError(f"{url} was not ready within {READY_SECONDS} s")


def _request(series: Series) -> bytes:
    """prometheus.WriteRequest with one TimeSeries, written by hand: three message types."""
    labels = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode()))
        for name, value in sorted(series.labels.items())
    )
    rows = zip(series.ts.tolist(), series.values.tolist(), series.stale.tolist(), strict=True)
    samples = b"".join(
        _field(2, b"\x09" + struct.pack("<d", STALE if stale else value) + b"\x10" + _varint(ts))
        for ts, value, stale in rows
    )
    return _field(1, labels + samples)


def _field(number: int, content: bytes) -> bytes:
    return bytes([number << 3 | 2]) + _varint(len(content)) + content


def _varint(value: int) -> bytes:
    out = bytearray()
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def _snappy(content: bytes) -> bytes:
    """Snappy's block format, all of it literals."""
    out = bytearray(_varint(len(content)))
    for start in range(0, len(content), 1 << 16):
        chunk = content[start : start + (1 << 16)]
        out += bytes([61 << 2]) + struct.pack("<H", len(chunk) - 1) + chunk
    return bytes(out)
