"""Targets' `/metrics`, read every few seconds as Prometheus reads them."""

import asyncio
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import orjson

from sightline.viewer.config import Target
from sightline.viewer.promql.samples import Labels
from sightline.viewer.receive.exposition import (
    OPENMETRICS,
    BadExposition,
    Exemplar,
    Page,
    Parser,
    families,
)
from sightline.viewer.receive.fetch import FetchFailed, fetch
from sightline.viewer.receive.redaction import Redactor
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Batch, QueueFull, Store
from sightline.viewer.store.head import MOST_AHEAD_MS

MAX_TIMEOUT = 10.0
MOST = 100  # targets
_IDENTITY = {"job", "instance"}
_BYTES_PER_SAMPLE = 64  # what a sample weighs in the queue, exemplars included

# A thread for each target that does not answer: neither the other targets nor whatever else waits
# in a thread, such as rules, wait for it.
_threads = ThreadPoolExecutor(MOST, thread_name_prefix="scrape")

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Health:
    """What the status page says of a target."""

    up: bool = False
    error: str = "not scraped yet"
    last_scrape: float = 0.0
    samples: int = 0


class Scraper:
    """Of one target; `run` until cancelled, then its series are marked stale."""

    def __init__(
        self, target: Target, store: Store, tally: Tally, *, interval: float, environment: str = ""
    ) -> None:
        self.target = target
        self.health = Health()
        self._store = store
        self._tally = tally
        self._interval = interval
        self._redactor = Redactor()
        self._batch = Batch()
        self._parser = Parser(self._series_of, store.series)
        self._present: set[int] = set()
        self._labels: Labels = {
            "job": target.job,
            "instance": target.instance,
            "service_name": target.job,
        }
        if environment:
            self._labels["deployment_environment_name"] = environment

    async def run(self) -> None:
        try:
            due = time.monotonic()
            while True:
                await self._scrape_once()
                # On the beat, however long a scrape took; beats that were missed are skipped.
                due += self._interval * max(1, 1 + int((time.monotonic() - due) // self._interval))
                await asyncio.sleep(due - time.monotonic())
        finally:
            self._leave()

    async def _scrape_once(self) -> None:
        try:
            await self.scrape()
        except Exception as error:  # a scrape that fails in a way nobody foresaw is not the last
            said = f"it could not be read: {error!r}"[:200]
            if said != self.health.error:
                log.exception("scrape.broken: %s", self.target.url)
            self.health = Health(error=said, last_scrape=time.time())
            self._define()

    async def scrape(self) -> None:
        """Read the page once and store what it says, or that it said nothing."""
        started, now_ms = time.monotonic(), int(time.time() * 1000)
        self._batch = Batch()
        page, error = Page(), ""
        try:
            timeout = min(self._interval, MAX_TIMEOUT)
            loop = asyncio.get_running_loop()
            fetched = await loop.run_in_executor(_threads, fetch, self.target.url, timeout)
            page = self._read(fetched.text, openmetrics=OPENMETRICS in fetched.content_type)
        except (FetchFailed, BadExposition) as failure:
            error = str(failure)
        self._note(error, len(page.samples))
        rejected = self._add_samples(page, now_ms)
        self._add_own(now_ms, up=not error, seconds=time.monotonic() - started, page=page)
        self._submit(rejected)

    def _read(self, text: str, *, openmetrics: bool) -> Page:
        page = self._parser.parse(text, openmetrics=openmetrics)
        for name, metadata in families(page, openmetrics=openmetrics):
            self._store.describe(self._batch, name, metadata)
        return page

    def _note(self, error: str, samples: int) -> None:
        if error and error != self.health.error:
            where = {"job": self.target.job, "url": self.target.url, "reason": error}
            log.warning("scrape.failed: %s: %s", self.target.url, error, extra=where)
        self.health = Health(not error, error, time.time(), samples)

    def _add_samples(self, page: Page, now_ms: int) -> int:
        """How many of them cannot be taken."""
        points, present, latest = self._batch.points, set(), now_ms + MOST_AHEAD_MS
        rejected = 0
        for series, value, ts, exemplar in page.samples:
            if ts is None:
                # Prometheus leaves series alone that bring times of their own.
                present.add(series)
                points.add(series, now_ms, value)
            elif 0 < ts <= latest:
                points.add(series, ts, value)
            else:
                rejected += 1
                reason = f"{self.target.url}: a sample's time, {ts} ms, is none or too far ahead"
                self._tally.last_rejection["scrape"] = reason
                continue
            if exemplar is not None:
                self._add_exemplar(series, exemplar, now_ms)
        self._mark_stale(self._present - present, now_ms)
        self._present = present
        return rejected

    def _add_exemplar(self, series: int, exemplar: Exemplar, now_ms: int) -> None:
        labels = {k: self._redactor.text(v) for k, v in exemplar.labels.items()}
        own = exemplar.ts_ms
        at = own if own is not None and 0 < own <= now_ms + MOST_AHEAD_MS else now_ms
        text = orjson.dumps(labels).decode()
        self._store.add_exemplar(self._batch, series, at, exemplar.value, text)

    def _mark_stale(self, series: set[int], now_ms: int) -> None:
        for gone in series:
            self._batch.points.add(gone, now_ms, float("nan"), stale=True)

    def _add_own(self, now_ms: int, *, up: bool, seconds: float, page: Page) -> None:
        own = {
            "up": float(up),
            "scrape_duration_seconds": seconds,
            "scrape_samples_scraped": float(len(page.samples)),
        }
        for name, value in own.items():
            series = self._store.new_series(self._batch, name, self._labels)
            self._batch.points.add(series, now_ms, value)

    def _series_of(self, name: str, labels: Labels) -> int:
        # A target's own `job` or `instance` is kept aside, as Prometheus does by default.
        found = {
            (f"exported_{key}" if key in _IDENTITY else key): value for key, value in labels.items()
        }
        cleaned = self._redactor.attributes(found, texts=True)
        return self._store.new_series(self._batch, name, {**self._labels, **cleaned})

    def _leave(self) -> None:
        self._batch = Batch()
        now_ms = int(time.time() * 1000)
        own = [
            self._store.new_series(self._batch, name, self._labels)
            for name in ("up", "scrape_duration_seconds", "scrape_samples_scraped")
        ]
        self._mark_stale(self._present | set(own), now_ms)
        self._submit()

    def _submit(self, rejected: int = 0) -> None:
        batch = self._batch
        batch.size = len(batch.points) * _BYTES_PER_SAMPLE
        try:
            self._store.reserve(batch.size)
        except QueueFull:
            self._tally.refuse("scrape", 503, f"{self.target.url}: the queue is full")
            self._define()
            return
        sent = len(batch.points)
        self._store.append(batch)
        # Left out: what is older than its series' last sample, or the same again.
        left_out = sent - len(batch.points)
        self._tally.accept("scrape", self.target.job, sent + rejected, rejected, left_out)

    def _define(self) -> None:
        """What the series are must not be lost with a scrape's samples."""
        self._store.append(Batch(series=self._batch.series, metadata=self._batch.metadata))
