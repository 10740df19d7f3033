"""Under `--durable` an answer says that it is on disk, to whomever and however often asked."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import otlp_requests as otlp
import pytest

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
        if self.refused and any(self.refused in str(row) for row in batch.logs):
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
