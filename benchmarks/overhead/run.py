"""What telemetry costs: each variant under the same load, in turn, as ratios to the bare app.

python benchmarks/overhead/run.py [--rounds N] [--seconds S] [--only VARIANT …]
"""

import argparse
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

import psutil

from load import saturate, steady

HERE = Path(__file__).parent
WARM_UP = 400
STEADY_RATE = 500


@dataclass(frozen=True)
class Variant:
    name: str
    module: str
    about: str
    environment: dict[str, str] = field(default_factory=dict)


VARIANTS = {
    variant.name: variant
    for variant in (
        Variant("bare", "bare", "bare FastAPI"),
        Variant(
            "sightline",
            "instrumented",
            "`instrument(app)`: JSON lines to stdout, metrics, traces by OTLP",
            {"OTEL_LOGS_EXPORTER": "none"},
        ),
        Variant(
            "sightline+logs", "instrumented", "the same, and log records by OTLP (the default)"
        ),
        Variant(
            "sightline 10 %",
            "instrumented",
            "lines and metrics of all, traces of 10 %",
            {
                "OTEL_LOGS_EXPORTER": "none",
                "OTEL_TRACES_SAMPLER": "parentbased_traceidratio",
                "OTEL_TRACES_SAMPLER_ARG": "0.1",
            },
        ),
        Variant("tutorial", "tutorial", "the tutorials' set-up (`tutorial.py`)"),
    )
}


@dataclass
class Server:
    variant: Variant
    port: int
    process: psutil.Popen
    sink: str
    lines: Path
    requests: int = 0
    rates: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)
    p50: list[float] = field(default_factory=list)
    p99: list[float] = field(default_factory=list)

    def cpu_seconds(self) -> float:
        times = self.process.cpu_times()
        return float(times.user + times.system)


def free_port() -> int:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 — our own servers
        return str(answer.read().decode())


def wait_for(url: str) -> None:
    deadline = time.monotonic() + 20
    while True:
        try:
            get(url)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return


@contextlib.contextmanager
def running(variant: Variant, folder: Path) -> Iterator[Server]:
    http, grpc, port = free_port(), free_port(), free_port()
    lines = folder / f"{variant.name}.log"
    sink = subprocess.Popen([sys.executable, HERE / "sink.py", str(http), str(grpc)])
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("OTEL_", "LOG_"))}
    sink_port = grpc if variant.module == "tutorial" else http
    environment = {
        **clean,
        "OTEL_SERVICE_NAME": "overhead",
        "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{sink_port}",
        **variant.environment,
    }
    command = [sys.executable, "-m", "uvicorn", f"{variant.module}:app", "--port", str(port)]
    command += ["--no-access-log", "--log-level", "warning"]
    with lines.open("wb") as out:
        process = psutil.Popen(command, cwd=HERE, env=environment, stdout=out)
        try:
            wait_for(f"http://127.0.0.1:{http}/counts")
            wait_for(f"http://127.0.0.1:{port}/orders/1")
            server = Server(variant, port, process, f"http://127.0.0.1:{http}", lines, 1)
            yield server
        finally:
            process.terminate()
            process.wait(timeout=40)
            sink.terminate()
            sink.wait()


def settle(server: Server) -> None:
    """Until what a round left behind has been sent, so that its CPU counts to that round."""
    deadline = time.monotonic() + 8
    last = server.cpu_seconds()
    while time.monotonic() < deadline:
        time.sleep(0.6 if server.variant.name == "bare" else 1.2)
        now = server.cpu_seconds()
        if now - last < 0.03:
            return
        last = now


def measure_round(server: Server, seconds: float) -> None:
    before = server.cpu_seconds()
    sent, rate = saturate(server.port, 32, seconds)
    settle(server)
    server.requests += sent
    server.rates.append(rate)
    server.cpu.append((server.cpu_seconds() - before) / sent * 1e6)


def measure_latency(server: Server, seconds: float) -> None:
    sent, latencies = steady(server.port, STEADY_RATE, seconds)
    server.requests += sent
    cuts = quantiles(latencies, n=100)
    server.p50.append(cuts[49] * 1e3)
    server.p99.append(cuts[98] * 1e3)


def proof(server: Server) -> str:
    """What each variant emitted for the requests it answered."""
    settle(server)
    spans, logs = map(int, get(f"{server.sink}/counts").split())
    text = server.lines.read_bytes()
    lines = sum(line.startswith(b"{") for line in text.splitlines())
    counter = 0
    if server.variant.name != "bare":
        exposed = get(f"http://127.0.0.1:{server.port}/metrics")
        found = re.findall(r"^http_requests_total\{.*orders.*\} (\S+)$", exposed, re.MULTILINE)
        counter = int(sum(map(float, found)))
    return f"{server.requests} | {lines} | {counter} | {spans} | {logs}"


def spread(values: list[float], digits: int) -> str:
    return f"{median(values):.{digits}f} ({min(values):.{digits}f} to {max(values):.{digits}f})"


def table(servers: list[Server]) -> str:
    bare = next(s for s in servers if s.variant.name == "bare")
    rows = [
        "| variant | throughput ÷ bare | CPU µs/request added | p50 ms | p99 ms | p99 ÷ bare |",
        "|---|---|---|---|---|---|",
    ]
    base_p99 = median(bare.p99)
    for server in servers:
        ratios = [a / b for a, b in zip(server.rates, bare.rates, strict=True)]
        added = [a - b for a, b in zip(server.cpu, bare.cpu, strict=True)]
        rows.append(
            f"| {server.variant.name} | {spread(ratios, 2)} | {spread(added, 0)} "
            f"| {median(server.p50):.2f} | {spread(server.p99, 2)} "
            f"| {median(server.p99) / base_p99:.1f} |"
        )
    rows += [
        "",
        "| variant | requests | lines | counter | spans | log records |",
        "|---|---|---|---|---|---|",
    ]
    rows += [f"| {server.variant.name} | {proof(server)} |" for server in servers]
    rows += [
        "",
        f"Bare: {median(bare.cpu):.0f} µs CPU a request, {median(bare.rates):.0f} requests/s.",
    ]
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=6)
    parser.add_argument("--seconds", type=float, default=2.0, help="of saturation, each round")
    parser.add_argument("--steady-seconds", type=float, default=4.0)
    parser.add_argument("--only", nargs="*", choices=list(VARIANTS), default=list(VARIANTS))
    parser.add_argument("--json", type=Path, help="write the raw figures here")
    arguments = parser.parse_args()
    names = ["bare", *(name for name in arguments.only if name != "bare")]
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        servers = [stack.enter_context(running(VARIANTS[name], folder)) for name in names]
        for server in servers:
            server.requests += saturate(server.port, 8, WARM_UP / 1_000)[0]
            settle(server)
        for number in range(arguments.rounds):
            print(f"round {number + 1} of {arguments.rounds}", file=sys.stderr, flush=True)
            for server in servers:
                measure_round(server, arguments.seconds)
            if number % 2 == 0:
                for server in servers:
                    measure_latency(server, arguments.steady_seconds)
        print(table(servers))
        if arguments.json:
            raw = {s.variant.name: {"rates": s.rates, "cpu": s.cpu, "p99": s.p99} for s in servers}
            arguments.json.write_text(json.dumps(raw, indent=1))


if __name__ == "__main__":
    main()
