"""Puts Loki and Tempo beside the viewer: the same rows sent, the same questions asked of each.

python benchmarks/viewer/peers.py [--rows 2000000] [--rounds 5] [--loki PROGRAM] [--tempo PROGRAM]

They run with the stack's own files, one after the other; what those say of rates is lifted.
"""

import argparse
import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil
import questions
import yaml
from process import cpu_seconds, free_ports, resident_mb, server, viewer

ROOT = Path(__file__).parents[2]
SENDER = Path(__file__).with_name("sender.py")
_SPREAD_SECONDS = 3_600
_FOUND_SECONDS = 120  # until what was sent last is found, at most
_SAMPLES = 10
_LISTS = ("panel, TraceQL", "panel, LogQL")
_LOKI_FLAGS = (
    "-config.expand-env=true",
    "-distributor.ingestion-rate-limit-mb=10000",
    "-distributor.ingestion-burst-size-mb=10000",
    "-ingester.per-stream-rate-limit=10GB",
    "-ingester.per-stream-rate-limit-burst=10GB",
)
_TEMPO_RATES = {"rate_limit_bytes": 10**10, "burst_size_bytes": 10**10, "max_traces_per_user": 0}


@dataclass(frozen=True)
class Peer:
    name: str
    process: psutil.Process
    folder: Path
    to: tuple[str, ...]  # where the sender sends
    backend: questions.Backend


@contextlib.contextmanager
def loki(program: str, folder: Path) -> Iterator[Peer]:
    port, grpc = free_ports(2)
    env = {"LOKI_PORT": port, "LOKI_GRPC_PORT": grpc, "LOKI_FOLDER": folder}
    command = [program, f"-config.file={ROOT / 'loki' / 'config.yaml'}", *_LOKI_FLAGS]
    url = f"http://127.0.0.1:{port}"
    with _started(command, {**env, "LOKI_ADDRESS": "127.0.0.1"}, f"{url}/ready") as process:
        to = ("--http", f"{url}/otlp")
        yield Peer("Loki", process, folder, to, questions.Backend(loki=url))


@contextlib.contextmanager
def tempo(program: str, folder: Path) -> Iterator[Peer]:
    port, grpc, otlp, members = free_ports(4)
    config = yaml.safe_load((ROOT / "tempo" / "config.yaml").read_text())
    # Prometheus does not run here: nothing is to be made for it.
    del config["metrics_generator"], config["overrides"]["defaults"]["metrics_generator"]
    config["overrides"]["defaults"]["ingestion"] = _TEMPO_RATES
    written = folder / "config.yaml"
    written.write_text(yaml.safe_dump(config))
    env = {
        "TEMPO_ADDRESS": "127.0.0.1",
        "TEMPO_PORT": port,
        "TEMPO_GRPC_PORT": grpc,
        "TEMPO_OTLP_ENDPOINT": f"127.0.0.1:{otlp}",
        "TEMPO_FOLDER": folder,
    }
    flags = ["-config.expand-env=true", f"-memberlist.bind-port={members}"]
    url = f"http://127.0.0.1:{port}"
    with _started([program, f"-config.file={written}", *flags], env, f"{url}/ready") as process:
        to = ("--grpc", f"127.0.0.1:{otlp}")
        yield Peer("Tempo", process, folder, to, questions.Backend(tempo=url))


@contextlib.contextmanager
def ours(signal: str, folder: Path) -> Iterator[Peer]:
    with viewer(folder) as running:
        to, asked = ("--http", running.otlp), questions.Backend(loki=running.url)
        if signal == "traces":
            to = ("--grpc", f"127.0.0.1:{running.otlp_grpc}")
            asked = questions.Backend(tempo=running.url)
        yield Peer("viewer", running.process, folder, to, asked)


def compared(peer: Peer, signal: str, rows: int, rounds: int) -> None:
    used = cpu_seconds(peer.process)
    more = ("--items", str(rows), "--back", str(_SPREAD_SECONDS))
    sent = subprocess.run(
        [sys.executable, str(SENDER), signal, *peer.to, *more], stdout=subprocess.PIPE, check=True
    )
    report = json.loads(sent.stdout)
    used = (cpu_seconds(peer.process) - used) / report["items"] * 1e6
    found = _found(peer)
    resident = resident_mb(peer.process)
    asked = questions.asked(peer.backend, time.time(), _SAMPLES, edges=False)
    table = questions.table(questions.timed(asked, rounds, lambda: True))
    most = max(resident, resident_mb(peer.process))
    on_disk = sum(each.stat().st_size for each in peer.folder.rglob("*") if each.is_file())
    print(
        f"\n{peer.name}: {report['items']:,} {signal} in {report['seconds']:.1f} s"
        f" ({report['refused']} answers of busy), {used:.1f} s of processor a million;"
        f" found {found:.0f} s later;"
        f" {resident:.0f} MB resident then, {most:.0f} MB after the questions;"
        f" {on_disk / report['items']:.0f} bytes each on disk so far.\n\n{table}",
        flush=True,
    )


def _found(peer: Peer) -> float:
    """Seconds until what was sent is found, so that all are asked about the same."""
    began = time.monotonic()
    while time.monotonic() - began < _FOUND_SECONDS:
        now = time.time()
        asked = [each for each in questions.panels(peer.backend, now) if each.group in _LISTS]
        if not any(questions.is_empty(questions.get(each.url)) for each in asked):
            return time.monotonic() - began
        time.sleep(0.5)
    raise SystemExit(f"{peer.name}: nothing was found {_FOUND_SECONDS} s after it was sent.")


@contextlib.contextmanager
def _started(command: list[str], env: dict[str, object], ready: str) -> Iterator[psutil.Process]:
    given = {**os.environ, **{name: str(value) for name, value in env.items()}}
    # Tempo was seen to go on for minutes after it was told to end.
    with server(command, given, ready, stubborn=True) as process:
        yield process


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=2_000_000, help="of each signal, over an hour")
    parser.add_argument("--rounds", type=int, default=5, help="of questions")
    for name in ("loki", "tempo"):
        parser.add_argument(f"--{name}", default=shutil.which(name), help="its program")
    given = parser.parse_args()
    for signal, program, start in (("logs", given.loki, loki), ("traces", given.tempo, tempo)):
        with tempfile.TemporaryDirectory() as folder, ours(signal, Path(folder)) as peer:
            compared(peer, signal, given.rows, given.rounds)
        if not program:
            print(f"\nNo program for {signal}: give --{start.__name__} PROGRAM.", flush=True)
            continue
        with tempfile.TemporaryDirectory() as folder, start(program, Path(folder)) as peer:
            compared(peer, signal, given.rows, given.rounds)


if __name__ == "__main__":
    main()
