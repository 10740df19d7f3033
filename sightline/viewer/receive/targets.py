"""What is scraped: targets that come and go while the viewer runs."""

import asyncio
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from sightline.viewer.config import Target
from sightline.viewer.receive.scrape import MOST, Scraper


class TooManyTargets(Exception):  # noqa: N818 — reads as what happened
    """No room for another target."""


class Targets:
    """Each scraped by a task of its own; on leaving, its series are marked stale."""

    def __init__(self, scraper_of: Callable[[Target], Scraper]) -> None:
        self._scraper_of = scraper_of
        self._running: dict[Target, tuple[Scraper, asyncio.Task[None]]] = {}

    def add(self, target: Target) -> None:
        """Of a target that is there already there is still one."""
        if target in self._running:
            return
        if len(self._running) >= MOST:
            raise TooManyTargets(f"{MOST} targets are scraped already, which is the most")
        scraper = self._scraper_of(target)
        self._running[target] = (scraper, asyncio.create_task(scraper.run()))

    async def remove(self, target: Target) -> bool:
        _, task = self._running.pop(target, (None, None))
        if task is None:
            return False
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        return True

    async def close(self) -> None:
        for target in list(self._running):
            await self.remove(target)

    def add_all(self, targets: Iterable[Target]) -> None:
        for target in targets:
            self.add(target)

    def health(self) -> Iterator[dict[str, Any]]:
        for target, (scraper, _) in list(self._running.items()):
            yield {"job": target.job, "url": target.url, **asdict(scraper.health)}
