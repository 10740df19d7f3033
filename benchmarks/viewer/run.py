"""How fast the viewer takes telemetry and answers questions, and what that costs.

python benchmarks/viewer/run.py [--quick] [--rows 10000000] [--seconds 30] [--data FOLDER]

Filling a store with ten million spans and log lines takes minutes; with --data it is kept and
found again. --only chooses phases.
"""

import argparse
import contextlib
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import questions
from limits import limits
from process import Viewer, disk_bytes, viewer

SENDER = Path(__file__).with_name("sender.py")
SPREAD_SECONDS = 10_000  # the time that a filled store covers: 3.6 of 10 million rows in an hour
UNDER_INGEST = 10_000  # spans a second while questions are asked
PHASES = ("start", "ingest", "fill", "idle", "loaded")
_WARM_UP = 2
_LATE = 300  # seconds, at most, from the beginning of a little store's filling to its questions
_INGEST = (
    ("traces", "HTTP gzip"),
    ("logs", "HTTP gzip"),
    ("metrics", "HTTP gzip"),
    ("traces", "gRPC"),
    ("logs", "gRPC"),
)
_TABLES = {"traces": "spans", "logs": "logs", "metrics": "points"}


@dataclass(frozen=True)
class Size:
    """How much of everything: enough to mean something, or to show that all of it works."""

    seconds: float
    rows: int
    limit_rows: int
    rounds: int
    samples: int
    spread: float  # seconds that a filled store covers


QUICK = Size(seconds=0.5, rows=10_240, limit_rows=2_048, rounds=1, samples=2, spread=1_800)


def say(text: str) -> None:
    print(text, flush=True)


def sender(running: Viewer, signal: str, transport: str, *more: str) -> list[str]:
    to = ["--grpc", f"127.0.0.1:{running.otlp_grpc}"]
    if transport != "gRPC":
        to = ["--http", running.otlp]
    return [sys.executable, str(SENDER), signal, *to, *more]


def send(running: Viewer, signal: str, transport: str, *more: str) -> dict[str, Any]:
    done = subprocess.run(
        sender(running, signal, transport, *more), stdout=subprocess.PIPE, check=True
    )
    return dict(json.loads(done.stdout))


class Machine:
    """Cores in use since the last look: by the viewer, and by whatever else runs here."""

    def __init__(self, running: Viewer) -> None:
        self._running = running
        self._before = self._now()

    def since(self) -> tuple[float, float]:
        wall, busy, own = (b - a for a, b in zip(self._before, self._now(), strict=True))
        return own / wall, (busy - own) / wall

    def _now(self) -> tuple[float, float, float]:
        times = psutil.cpu_times()
        busy = sum(times) - times.idle - times.iowait - times.guest - times.guest_nice
        return time.monotonic(), busy, self._running.cpu_seconds()


def start_up(folder: Path) -> None:
    """From the command to an answer, of a store that has been opened before."""
    with viewer(folder / "start"):
        pass
    with viewer(folder / "start") as running:
        time.sleep(_WARM_UP)
        say(f"Ready after {running.start_seconds:.2f} s; {running.resident_mb():.0f} MB idle.\n")


def ingest(folder: Path, size: Size) -> None:
    say(
        "| signal | transport | items/s | sent | accepted | stored | 503 | p95 ms "
        "| ÷ decode alone | ÷ plain append | viewer, sender, other: cores | MB |"
    )
    say("|" + "---|" * 12)
    alone = {signal: limits(signal, size.limit_rows) for signal in _TABLES}
    with viewer(folder / "ingest") as running:
        for signal, transport in _INGEST:
            rows, taken = running.rows()[_TABLES[signal]], running.accepted(signal)
            machine = Machine(running)
            report = send(running, signal, transport, "--seconds", str(size.seconds))
            own, others = machine.since()
            rate = report["items"] / report["seconds"]
            sending = report["cpu_seconds"] / report["seconds"]
            stored = running.rows()[_TABLES[signal]] - rows
            decoded, appended = alone[signal]
            say(
                f"| {signal} | {transport} | {rate:,.0f} | {report['items']} "
                f"| {running.accepted(signal) - taken} | {stored} "
                f"| {report['refused']} | {report['p95_ms']:.0f} "
                f"| {rate / decoded:.2f} | {rate / appended:.2f} "
                f"| {own:.2f}, {sending:.2f}, {others - sending:.2f} "
                f"| {running.resident_mb():.0f} |"
            )


def fill(data: Path, size: Size) -> None:
    """Each signal in turn, so that what it takes on disk can be told."""
    before = 0
    for signal, table in _TABLES.items():
        # Metrics every five seconds from each instance.
        items = min(size.rows, 43 * 4 * 2_000) if signal == "metrics" else size.rows
        with viewer(data) as running:
            # The viewer's own rules record a few samples.
            if (had := running.rows()[table]) >= items:
                say(f"{had:,} {table} are there already.")
                continue
            more = ("--items", str(items), "--back", str(size.spread))
            report = send(running, signal, "HTTP gzip", *more)
            resident = running.resident_mb()
        with viewer(data) as running:
            rows = running.rows()[table]
            time.sleep(2 * _WARM_UP)
            while running.status()["store"]["slices_to_settle"]:
                time.sleep(0.5)
        on_disk = disk_bytes(data) - before
        before += on_disk
        say(
            f"{rows:,} {table} ({report['items']:,} {signal} sent, {report['refused']} answers of"
            f" 503), {on_disk / rows:.0f} bytes each on disk; {resident:.0f} MB resident."
        )


def ask(running: Viewer, size: Size, go_on: Callable[[], bool]) -> None:
    backend = questions.Backend(running.url, running.url, running.url)
    within = min(questions.SAMPLED, size.spread - _LATE)
    asked = questions.asked(backend, time.time(), size.samples, edges=True, within=within)
    machine = Machine(running)
    say(questions.table(questions.timed(asked, size.rounds, go_on)))
    own, others = machine.since()
    say(f"\nViewer {own:.2f} cores, all else {others:.2f}; {running.resident_mb():.0f} MB.\n")


@contextlib.contextmanager
def steady_load(running: Viewer) -> Iterator[subprocess.Popen[bytes]]:
    more = ("--rate", str(UNDER_INGEST), "--seconds", "3600", "--connections", "2")
    load = subprocess.Popen(sender(running, "traces", "HTTP gzip", *more), stdout=subprocess.PIPE)
    try:
        time.sleep(_WARM_UP)
        yield load
    finally:
        load.terminate()
        load.wait(timeout=20)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="little of everything, in seconds")
    parser.add_argument("--rows", type=int, default=10_000_000, help="spans, and as many log lines")
    parser.add_argument("--seconds", type=float, default=30, help="of sending, for each signal")
    parser.add_argument("--rounds", type=int, default=10, help="of questions")
    parser.add_argument("--data", type=Path, help="keep the filled store in this folder")
    parser.add_argument("--only", nargs="*", choices=PHASES, default=PHASES)
    given = parser.parse_args()
    size = Size(given.seconds, given.rows, 200_000, given.rounds, 10, SPREAD_SECONDS)
    size = QUICK if given.quick else size
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        data = given.data or folder / "filled"
        if "start" in given.only:
            start_up(folder)
        if "ingest" in given.only:
            say("## Ingest\n")
            ingest(folder, size)
        if "fill" in given.only:
            say("\n## A filled store\n")
            fill(data, size)
        if "idle" in given.only:
            say("\n## Questions, nothing else to do\n")
            with viewer(data) as running:
                say(f"Ready after {running.start_seconds:.2f} s.")
                ask(running, size, lambda: True)
        if "loaded" in given.only:
            say(f"\n## Questions, while {UNDER_INGEST:,} spans a second come in\n")
            with viewer(data) as running, steady_load(running) as load:
                ask(running, size, lambda: load.poll() is None)
                say(f"{running.accepted('traces'):,} spans were accepted meanwhile.")


if __name__ == "__main__":
    main()
