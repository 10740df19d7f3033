"""A load generator that costs little: keep-alive connections, requests as bytes made before."""

import asyncio
import sys
from collections import deque
from itertools import count
from time import perf_counter
from typing import cast

import uvloop

_END_OF_HEAD = b"\r\n\r\n"
_LENGTH = b"content-length: "


class Connection(asyncio.Protocol):
    def __init__(self, done: "Load") -> None:
        self._load = done
        self._buffer = b""
        self.asked: deque[float] = deque()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast("asyncio.Transport", transport).write

    def ask(self, request: bytes, when: float) -> None:
        self.asked.append(when)
        self._write(request)

    def data_received(self, data: bytes) -> None:
        buffer = self._buffer + data if self._buffer else data
        while (head := buffer.find(_END_OF_HEAD)) >= 0:
            at = buffer.find(_LENGTH) + len(_LENGTH)
            end = head + 4 + int(buffer[at : buffer.find(b"\r", at)])
            if len(buffer) < end:
                break
            if not buffer.startswith(b"HTTP/1.1 200"):
                sys.exit(f"unexpected answer: {buffer[:200]!r}")
            buffer = buffer[end:]
            self._load.answered(self, perf_counter() - self.asked.popleft())
        self._buffer = buffer


class Load:
    """Answers are counted; at saturation each answer asks the next question."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.latencies: list[float] = []
        self.sent = 0
        self._chain = False
        self._idle: list[Connection] = []
        head = f"HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nUser-Agent: load/1\r\n\r\n"
        self._requests = [f"GET /orders/{n} {head}".encode() for n in range(1, 1_001)]
        self._number = count()

    def _ask(self, connection: Connection, when: float) -> None:
        self.sent += 1
        connection.ask(self._requests[next(self._number) % 1_000], when)

    def answered(self, connection: Connection, latency: float) -> None:
        self.latencies.append(latency)
        if self._chain:
            self._ask(connection, perf_counter())
        else:
            self._idle.append(connection)

    async def _connect(self, connections: int) -> list[Connection]:
        loop = asyncio.get_running_loop()
        made = []
        for _ in range(connections):
            _, protocol = await loop.create_connection(
                lambda: Connection(self), "127.0.0.1", self.port
            )
            made.append(protocol)
        return made

    async def _all_answered(self) -> None:
        deadline = perf_counter() + 20
        while len(self.latencies) < self.sent and perf_counter() < deadline:  # noqa: ASYNC110 — an event would cost each answer
            await asyncio.sleep(0.005)

    async def saturate(self, connections: int, seconds: float) -> float:
        """Requests a second."""
        made = await self._connect(connections)
        self._chain = True
        start = perf_counter()
        for connection in made:
            self._ask(connection, start)
        await asyncio.sleep(seconds)
        rate = len(self.latencies) / (perf_counter() - start)
        self._chain = False
        await self._all_answered()
        return rate

    async def steady(self, rate: float, seconds: float) -> None:
        """Asks on schedule whatever the answers do; latency counts from the schedule."""
        self._idle = await self._connect(32)
        start = perf_counter()
        for number in range(int(rate * seconds)):
            due = start + number / rate
            while (wait := due - perf_counter()) > 0:  # noqa: ASYNC110 — a schedule
                await asyncio.sleep(wait)
            while not self._idle:  # noqa: ASYNC110 — an event would cost each answer
                await asyncio.sleep(0)
            self._ask(self._idle.pop(), due)
        await self._all_answered()


def saturate(port: int, connections: int, seconds: float) -> tuple[int, float]:
    load = Load(port)
    rate = uvloop.run(load.saturate(connections, seconds))
    return load.sent, rate


def steady(port: int, rate: float, seconds: float) -> tuple[int, list[float]]:
    load = Load(port)
    uvloop.run(load.steady(rate, seconds))
    return load.sent, load.latencies
