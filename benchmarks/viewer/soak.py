"""Takes spans, then log lines, at a steady rate for minutes, while dashboards are asked, or not.

python benchmarks/viewer/soak.py [--seconds 600] [--spans 55000] [--lines 85000] [--every 15]

Says how many were sent, accepted, stored and removed by retention, how long panels took meanwhile,
and how much memory the viewer held at most.
"""

import argparse
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import questions
from process import Viewer, viewer

SENDER = Path(__file__).with_name("sender.py")
_METRICS = 200  # points a second, so that panels have something to show
_TABLES = {"traces": "spans", "logs": "logs"}


@dataclass
class Memory:
    """The viewer's resident megabytes, looked at twice a second."""

    seen: list[float] = field(default_factory=list)

    @contextmanager
    def watched(self, running: Viewer) -> Iterator[None]:
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                self.seen.append(running.resident_mb())

        watching = threading.Thread(target=watch)
        watching.start()
        try:
            yield
        finally:
            over.set()
            watching.join()


def soak(running: Viewer, signal: str, rate: float, seconds: float, every: float) -> None:
    before, taken = _stored(running, signal), running.accepted(signal)
    memory, used = Memory(), running.cpu_seconds()
    sending, beside = (
        _sending(running, which, number, seconds)
        for which, number in ((signal, rate), ("metrics", _METRICS))
    )
    with memory.watched(running):
        timings = _asked(running, sending, every) if every else []
        sending.wait()
    report = json.loads(sending.communicate()[0])
    beside.communicate()
    used = running.cpu_seconds() - used
    stored, accepted = _stored(running, signal), running.accepted(signal) - taken
    kept, removed = (after - had for after, had in zip(stored, before, strict=True))
    ordered = sorted(memory.seen)
    print(
        f"\n{signal}: {report['items'] / report['seconds']:,.0f}/s for {report['seconds']:.0f} s;"
        f" sent {report['items']:,}, accepted {accepted:,}, stored {kept:,} and {removed:,} removed"
        f" by retention; {report['refused']} answers of 503, p95 {report['p95_ms']:.0f} ms;"
        f" {used / report['seconds']:.2f} cores; MB resident: median"
        f" {ordered[len(ordered) // 2]:.0f}, most {ordered[-1]:.0f}\n",
        flush=True,
    )
    if timings:
        print(questions.table(timings), flush=True)
    if not report["items"] == accepted == kept + removed:
        raise SystemExit(f"{signal}: sent, accepted and stored are not equal.")


def _sending(running: Viewer, signal: str, rate: float, seconds: float) -> "subprocess.Popen[str]":
    command = [sys.executable, str(SENDER), signal, "--http", running.otlp, "--rate", str(rate)]
    return subprocess.Popen(
        [*command, "--seconds", str(seconds)], stdout=subprocess.PIPE, text=True
    )


def _stored(running: Viewer, signal: str) -> tuple[int, int]:
    rows = running.rows()[_TABLES[signal]]
    return rows, running.status()["store"]["removed_by_retention"][_TABLES[signal]]


def _asked(
    running: Viewer, sending: "subprocess.Popen[str]", every: float
) -> list[questions.Timing]:
    """All panels of the dashboards every so many seconds, each over the hour up to then."""
    backend = questions.Backend(running.url, running.url, running.url)
    timings: dict[str, questions.Timing] = {}
    while sending.poll() is None:
        began = time.monotonic()
        now = time.time()
        for question in [*questions.panels(backend, now), *questions.service_map(backend, now)]:
            if sending.poll() is not None:
                break
            asked = time.perf_counter()
            answer = questions.get(question.url)
            timing = timings.setdefault(question.group, questions.Timing(question.group))
            took = time.perf_counter() - asked
            timing.note(took, question.name, empty=questions.is_empty(answer))
        time.sleep(max(0.0, every - (time.monotonic() - began)))
    return [timings[name] for name in sorted(timings)]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--seconds", type=float, default=600, help="of each signal")
    parser.add_argument("--spans", type=float, default=55_000, help="a second; 0: none")
    parser.add_argument("--lines", type=float, default=85_000, help="a second; 0: none")
    parser.add_argument("--max-size", default="2GB", help="what the store may take on disk")
    parser.add_argument(
        "--every", type=float, default=15, help="seconds between refreshes of dashboards; 0: never"
    )
    given = parser.parse_args()
    with (
        tempfile.TemporaryDirectory() as folder,
        viewer(Path(folder) / "soak", max_size=given.max_size) as running,
    ):
        for signal, rate in (("traces", given.spans), ("logs", given.lines)):
            if rate:
                soak(running, signal, rate, given.seconds, given.every)


if __name__ == "__main__":
    main()
