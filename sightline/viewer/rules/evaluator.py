"""All groups on their beat: due ones are evaluated in order, their samples go into the store."""

import asyncio
import logging
import time
from collections.abc import Coroutine, Iterator, Sequence

from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.query import Settings
from sightline.viewer.promql.samples import Labels
from sightline.viewer.promql.values import NAME
from sightline.viewer.rules.alerts import AlertingRule
from sightline.viewer.rules.evaluation import Sample
from sightline.viewer.rules.files import Written
from sightline.viewer.rules.group import Group, SinkError
from sightline.viewer.rules.history import History
from sightline.viewer.rules.resuming import resume
from sightline.viewer.store import Batch, QueueFull, Store

_BYTES_PER_SAMPLE = 64  # what a sample weighs in the queue
_NO_VALUE = float("nan")


log = logging.getLogger(__name__)


class StoreSink:
    def __init__(self, store: Store) -> None:
        self._store = store

    def write(self, samples: list[Sample], gone: list[Labels], at_ms: int) -> None:
        batch = Batch(size=(len(samples) + len(gone)) * _BYTES_PER_SAMPLE)
        try:
            self._store.reserve(batch.size)
        except QueueFull:
            raise SinkError("the viewer is busy storing, and took none of it") from None
        for labels, value in samples:
            batch.points.add(self._id(batch, labels), at_ms, value)
        for labels in gone:
            batch.points.add(self._id(batch, labels), at_ms, _NO_VALUE, stale=True)
        self._store.append(batch)

    def _id(self, batch: Batch, labels: Labels) -> int:
        bare = {name: value for name, value in labels.items() if name != NAME}
        return self._store.new_series(batch, labels[NAME], bare)


class Evaluator:
    """`run` until cancelled; what it found is read by the API from any thread."""

    def __init__(self, store: Store, written: Sequence[Written], interval_seconds: float) -> None:
        interval_ms = round(interval_seconds * 1000)
        self.groups = [Group(each, interval_ms) for each in written]
        self._engine = Engine(_history(store, written), Settings(subquery_step_ms=interval_ms))
        self._sink = StoreSink(store)
        self._store: Store | None = store  # until alerts are as they stood in it

    async def run(self) -> None:
        intervals = {group.interval_ms for group in self.groups}
        for group in self.groups:
            group.evaluated_ms = time.time_ns() // 1_000_000
        while intervals:
            now_ms = time.time_ns() // 1_000_000
            # On multiples of the interval, as Prometheus; beats that were missed are skipped.
            at_ms = min((now_ms // each + 1) * each for each in intervals)
            await asyncio.sleep(at_ms / 1000 - time.time())
            await _undivided(asyncio.to_thread(self.evaluate, at_ms))

    def evaluate(self, at_ms: int) -> None:
        """All groups whose beat has come by then, in the order of their files."""
        if self._store is not None:
            self._resume(self._store, at_ms)
            self._store = None
        for group in self.groups:
            beat_ms = at_ms // group.interval_ms * group.interval_ms
            if beat_ms > group.evaluated_ms:
                group.evaluate(self._engine, self._sink, beat_ms)

    def _resume(self, store: Store, at_ms: int) -> None:
        try:
            resume(self._alerting(), store.samples, at_ms)
        except Exception as failure:  # noqa: BLE001 — a database in trouble must not end all rules
            log.warning("rules.not_resumed: %s: %s", type(failure).__name__, failure)

    def _alerting(self) -> Iterator[AlertingRule]:
        rules = (each.rule for group in self.groups for each in group.rules)
        return (rule for rule in rules if isinstance(rule, AlertingRule))


def _history(store: Store, written: Sequence[Written]) -> History:
    recorded = {rule.record for each in written for rule in each.group.rules if rule.record}
    # A group with an offset writes so much before the time at which another may have looked.
    offset_ms = max((each.group.query_offset for each in written), default=0)
    return History(store.samples, recorded, offset_ms + 1)


async def _undivided(work: Coroutine[None, None, None]) -> None:
    """To its end even when cancelled meanwhile: the store is closed only after that."""
    task = asyncio.create_task(work)
    try:
        await asyncio.shield(task)
    except asyncio.CancelledError:
        await task
        raise
