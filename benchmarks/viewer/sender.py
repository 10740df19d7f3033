"""Sends one signal to an OTLP endpoint, at a rate or as fast as it is taken; prints what it did.

python benchmarks/viewer/sender.py traces --http http://127.0.0.1:4318 --seconds 10 [--rate 10000]
"""

import argparse
import asyncio
import contextlib
import json
import resource
import time
import zlib
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from itertools import count
from urllib.parse import urlsplit

import grpc
import grpc.aio
from stamps import Template  # noqa: TC002 — imported by the script anyway
from traffic import TEMPLATES, TRAFFIC

_EXPORT = {
    "traces": "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
    "logs": "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
    "metrics": "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
}
_GZIP_LEVEL, _GZIP_WINDOW = 1, 31
_AGAIN_SECONDS = 0.25
_OK, _BUSY = (200, 204), 503  # Loki has nothing to add
Send = Callable[[bytes], Awaitable[bool]]  # False: busy, to be sent again


@dataclass
class Report:
    """`items` counts what was acknowledged, once."""

    items: int = 0
    requests: int = 0
    refused: int = 0  # answers of 503 or UNAVAILABLE; each such request is sent again
    seconds: float = 0.0
    cpu_seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)


@contextlib.asynccontextmanager
async def over_http(url: str, signal: str) -> AsyncIterator[Send]:
    """One keep-alive connection; bodies are compressed as exporters do."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    head = (
        f"POST {parts.path.rstrip('/')}/v1/{signal} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
        "Content-Type: application/x-protobuf\r\nContent-Encoding: gzip\r\nContent-Length: "
    ).encode()

    async def send(raw: bytes) -> bool:
        squeeze = zlib.compressobj(_GZIP_LEVEL, wbits=_GZIP_WINDOW)
        body = squeeze.compress(raw) + squeeze.flush()
        writer.write(head + b"%d\r\n\r\n" % len(body) + body)
        answer = await reader.readuntil(b"\r\n\r\n")
        status, length = int(answer.split(b" ", 2)[1]), 0
        for line in answer.lower().split(b"\r\n"):
            if line.startswith(b"content-length:"):
                length = int(line.partition(b":")[2])
        said = await reader.readexactly(length)
        if status not in (*_OK, _BUSY):
            raise SystemExit(f"{url} answered {status}: {said[:200]!r}")
        return status in _OK

    try:
        yield send
    finally:
        writer.close()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


@contextlib.asynccontextmanager
async def over_grpc(address: str, signal: str) -> AsyncIterator[Send]:
    async with grpc.aio.insecure_channel(address) as channel:
        export = channel.unary_unary(_EXPORT[signal])

        async def send(raw: bytes) -> bool:
            try:
                await export(raw, timeout=30)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                return False
            return True

        yield send


class Clock:
    """The times of requests: now, or spread evenly over the past so that a store is filled."""

    def __init__(self, seconds_back: float, requests: int | None) -> None:
        back = round(seconds_back * 1e9)
        self.origin = time.time_ns() - back
        self._step = back // requests if requests and back else None

    def of(self, number: int) -> int:
        return time.time_ns() if self._step is None else self.origin + self._step * number


class Load:
    def __init__(self, arguments: argparse.Namespace) -> None:
        make = TRAFFIC[arguments.signal]
        self._templates: list[Template] = [make(number) for number in range(TEMPLATES)]
        self._items = self._templates[0].items
        self._seconds: float = arguments.seconds or float("inf")
        self._most = -(-arguments.items // self._items) if arguments.items else None
        self._rate: float = arguments.rate
        self._clock = Clock(arguments.back, self._most)
        self._number = count()
        self._began = time.monotonic()
        self.report = Report()

    async def through(self, connections: list[Send]) -> Report:
        self._began = time.monotonic()
        await asyncio.gather(*(self._keep_sending(send) for send in connections))
        self.report.seconds = time.monotonic() - self._began
        used = resource.getrusage(resource.RUSAGE_SELF)
        self.report.cpu_seconds = used.ru_utime + used.ru_stime
        return self.report

    async def _keep_sending(self, send: Send) -> None:
        while (number := next(self._number)) != self._most:
            due = self._began
            if self._rate:
                due += number * self._items / self._rate
                await asyncio.sleep(due - time.monotonic())
            if time.monotonic() - self._began >= self._seconds or number > (self._most or number):
                return
            raw = self._templates[number % TEMPLATES].stamped(
                self._clock.of(number), self._clock.origin
            )
            asked = time.monotonic()
            while not await send(raw):
                self.report.refused += 1
                await asyncio.sleep(_AGAIN_SECONDS)
            self.report.latencies.append(time.monotonic() - asked)
            self.report.requests += 1
            self.report.items += self._items


async def run(arguments: argparse.Namespace) -> Report:
    load = Load(arguments)
    async with contextlib.AsyncExitStack() as stack:
        connections = [
            await stack.enter_async_context(
                over_grpc(arguments.grpc, arguments.signal)
                if arguments.grpc
                else over_http(arguments.http, arguments.signal)
            )
            for _ in range(arguments.connections)
        ]
        return await load.through(connections)


def summary(report: Report) -> dict[str, float]:
    ordered = sorted(report.latencies) or [0.0]
    return {
        "items": report.items,
        "requests": report.requests,
        "refused": report.refused,
        "seconds": report.seconds,
        "cpu_seconds": report.cpu_seconds,
        "p50_ms": ordered[len(ordered) // 2] * 1e3,
        "p95_ms": ordered[int(len(ordered) * 0.95)] * 1e3,
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("signal", choices=list(TRAFFIC))
    parser.add_argument("--http", help="base URL of OTLP over HTTP, e.g. http://127.0.0.1:4318")
    parser.add_argument("--grpc", help="address of OTLP over gRPC, e.g. 127.0.0.1:4317")
    parser.add_argument("--seconds", type=float, default=0, help="how long (or give --items)")
    parser.add_argument("--items", type=int, default=0, help="how many")
    parser.add_argument("--rate", type=float, default=0, help="items a second; 0: all it takes")
    parser.add_argument("--connections", type=int, default=4)
    parser.add_argument(
        "--back", type=float, default=0, help="spread --items over so many seconds up to now"
    )
    arguments = parser.parse_args()
    if not arguments.http and not arguments.grpc:
        parser.error("give --http URL or --grpc ADDRESS")
    if not arguments.seconds and not arguments.items:
        parser.error("give --seconds or --items")
    print(json.dumps(summary(asyncio.run(run(arguments)))))


if __name__ == "__main__":
    main()
