"""Live tail: log rows published at receipt, before the database has them."""

import asyncio
from collections import deque
from collections.abc import Mapping
from typing import Any, Self

LogRow = Mapping[str, Any]


class Subscription:
    """One reader's bounded queue; what it is too slow for is counted in `skipped`, oldest first."""

    def __init__(self, tail: "Tail", size: int) -> None:
        self._tail = tail
        self._rows: deque[LogRow] = deque(maxlen=size)
        self._loop = asyncio.get_running_loop()
        self._arrived = asyncio.Event()
        self.skipped = 0

    async def get(self) -> list[LogRow]:
        """All rows that wait; blocks until there is one."""
        await self._arrived.wait()
        self._arrived.clear()
        rows: list[LogRow] = []
        while self._rows:
            rows.append(self._rows.popleft())
        return rows

    def close(self) -> None:
        self._tail.unsubscribe(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def push(self, rows: list[LogRow]) -> None:
        """From any thread."""
        self._loop.call_soon_threadsafe(self._push, rows)

    def _push(self, rows: list[LogRow]) -> None:
        free = (self._rows.maxlen or 0) - len(self._rows)
        self.skipped += max(0, len(rows) - free)
        self._rows.extend(rows)
        self._arrived.set()


class Tail:
    """Hands every received log row to all who subscribed."""

    def __init__(self) -> None:
        self._subscriptions: set[Subscription] = set()

    @property
    def wanted(self) -> bool:
        return bool(self._subscriptions)

    def subscribe(self, size: int = 1_000) -> Subscription:
        """In an event loop; close it when done."""
        subscription = Subscription(self, size)
        self._subscriptions.add(subscription)
        return subscription

    def unsubscribe(self, subscription: Subscription) -> None:
        self._subscriptions.discard(subscription)

    def publish(self, rows: list[LogRow]) -> None:
        for subscription in tuple(self._subscriptions):
            subscription.push(rows)
