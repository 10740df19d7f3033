"""Under `--durable` an answer says that it is on disk, to whomever and however often asked."""

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import otlp_requests as otlp
import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from sightline.viewer.promql.samples import Matcher
from sightline.viewer.receive.problems import Busy, Refused
from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Batch, Store, writer

pytestmark = pytest.mark.anyio


@pytest.fixture
def durable(store: Store, tally: Tally) -> Iterator[Receiver]:
    made = Receiver(store, tally, durable=True)
    yield made
    made.close()


class Gate:
    """Holds back what the writer stores until it is opened, and can refuse it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.opened = threading.Event()
        self.refused = ""
        self._insert = writer.insert
        monkeypatch.setattr(writer, "insert", self.insert)

    def insert(self, connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
        assert self.opened.wait(30)
        if self.refused and self.refused in repr((batch.spans, batch.logs, batch.points)):
            raise duckdb.ConversionException(f"{self.refused} cannot be converted")
        self._insert(connection, batch)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> Gate:
    return Gate(monkeypatch)


async def test_a_request_sent_again_is_answered_when_the_first_is_stored(
    durable: Receiver, store: Store, gate: Gate
) -> None:
    raw = otlp.logs("once").SerializeToString()
    both = [asyncio.create_task(durable.receive("logs", raw)) for _ in range(2)]
    done, _ = await asyncio.wait(both, timeout=0.3)
    assert done == set()
    gate.opened.set()
    await asyncio.gather(*both)
    assert store.query("SELECT count(*) FROM logs") == [(1,)]


async def test_a_sender_that_gives_up_waiting_takes_nothing_back(
    durable: Receiver, store: Store, gate: Gate
) -> None:
    raw = otlp.logs("given up").SerializeToString()
    waiting = asyncio.create_task(durable.receive("logs", raw))
    await asyncio.sleep(0.1)
    waiting.cancel()
    gate.opened.set()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    await durable.receive("logs", otlp.logs("after").SerializeToString())
    assert store.query("SELECT count(*) FROM logs") == [(2,)]


async def test_what_cannot_be_stored_is_not_acknowledged_and_costs_nothing_else(
    durable: Receiver, store: Store, gate: Gate
) -> None:
    gate.refused = "unfit"
    bodies = ("good", "unfit", "also good")
    sent = [durable.receive("logs", otlp.logs(body).SerializeToString()) for body in bodies]
    answers = asyncio.gather(*sent, return_exceptions=True)
    await asyncio.sleep(0.1)
    gate.opened.set()
    first, second, third = await answers
    assert isinstance(second, Busy)
    assert "could not be stored: unfit" in second.message
    assert not isinstance(first, Exception)
    assert not isinstance(third, Exception)
    assert store.query("SELECT body FROM logs ORDER BY body") == [("also good",), ("good",)]
    assert store.writer.lost_rows == 1


async def test_a_request_that_failed_is_taken_when_it_is_sent_again(
    durable: Receiver, store: Store, gate: Gate
) -> None:
    gate.opened.set()
    gate.refused = "unfit"
    raw = otlp.logs("unfit").SerializeToString()
    with pytest.raises(Refused):
        await durable.receive("logs", raw)
    gate.refused = ""
    await durable.receive("logs", raw)
    assert store.query("SELECT body FROM logs") == [("unfit",)]


async def test_spans_that_failed_are_taken_when_they_are_sent_again_in_another_request(
    durable: Receiver, store: Store, gate: Gate, tally: Tally
) -> None:
    gate.opened.set()
    request = otlp.traces(3, name="unfit")
    gate.refused = "unfit"
    with pytest.raises(Busy):
        await durable.receive("traces", request.SerializeToString())
    gate.refused = ""
    request.resource_spans.extend(otlp.traces().resource_spans)
    await durable.receive("traces", request.SerializeToString())
    assert store.query("SELECT count(*) FROM spans") == [(4,)]
    assert tally.services["traces", "orders"].duplicates == 0
    # Who sent them was told with the request that failed, and is known all the same.
    assert store.query("SELECT count(*) FROM spans JOIN resources ON id = resource_id") == [(4,)]


async def test_points_that_failed_are_taken_when_they_are_sent_again(
    durable: Receiver, store: Store, gate: Gate, tally: Tally
) -> None:
    gate.opened.set()
    metric, now = Metric(name="m"), time.time_ns()
    metric.gauge.data_points.add(time_unix_nano=now, as_double=4711.0)
    request = otlp.metrics(metric)
    gate.refused = "4711.0"
    with pytest.raises(Busy):
        await durable.receive("metrics", request.SerializeToString())
    gate.refused = ""
    metric.gauge.data_points.add(time_unix_nano=now + 10**9, as_double=2.0)
    await durable.receive("metrics", otlp.metrics(metric).SerializeToString())
    found = "SELECT value FROM points JOIN series ON id = series_id WHERE name = 'm' ORDER BY ts"
    assert store.query(found) == [(4711.0,), (2.0,)]
    (kept,) = store.samples.select([Matcher("__name__", "=", "m")], 0, 2**60)
    assert kept.values.tolist() == [4711.0, 2.0]
    assert tally.services["metrics", "orders"].duplicates == 0


async def test_a_request_is_known_again_after_a_restart(tmp_path: Path, tally: Tally) -> None:
    raw = otlp.logs("once").SerializeToString()
    for _ in range(2):
        store = Store.open(tmp_path)
        receiver = Receiver(store, tally, durable=True)
        await receiver.receive("logs", raw)
        assert store.query("SELECT count(*) FROM logs") == [(1,)]
        receiver.close()
        store.close()
    assert tally.repeated_requests == 1
