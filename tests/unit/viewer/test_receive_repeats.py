"""The same bytes again are a repetition for some minutes, if anything in them says its own time."""

import asyncio

import otlp_requests as otlp
import pytest

from sightline.viewer.receive import receiver as receiver_module
from sightline.viewer.receive import repeats
from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Store

pytestmark = pytest.mark.anyio


def stored(store: Store) -> int:
    store.flush()
    return int(store.query("SELECT count(*) FROM logs")[0][0])


async def test_what_is_repeated_is_stored_once_and_counted_by_its_service(
    receiver: Receiver, store: Store, tally: Tally
) -> None:
    raw = otlp.logs("once").SerializeToString()
    for _ in range(3):
        await receiver.receive("logs", raw)
    assert stored(store) == 1
    counts = tally.services["logs", "orders"]
    assert (counts.received, counts.duplicates) == (3, 2)
    assert tally.repeated_requests == 2


async def test_after_some_minutes_the_same_bytes_are_another_request(
    receiver: Receiver, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    raw = otlp.logs("twice").SerializeToString()
    await receiver.receive("logs", raw)
    monkeypatch.setattr(repeats, "REPEATS_SECONDS", -1.0)
    await receiver.receive("logs", raw)
    assert stored(store) == 2


async def test_no_more_is_remembered_than_there_is_room_for(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(repeats, "_REMEMBERED", 3)
    for number in range(9):
        await receiver.receive("logs", otlp.logs(str(number)).SerializeToString())
    assert len(receiver._repeats._known) == 3


async def test_records_without_a_time_are_new_each_time(
    receiver: Receiver, store: Store, tally: Tally
) -> None:
    raw = b'{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"a"}}]}]}]}'
    for _ in range(2):
        await receiver.receive("logs", raw, json=True)
    assert stored(store) == 2
    assert tally.repeated_requests == 0


async def test_records_without_a_time_are_new_even_while_the_first_is_being_stored(
    store: Store, tally: Tally
) -> None:
    durable = Receiver(store, tally, durable=True)
    raw = otlp.logs("a", time_unix_nano=0).SerializeToString()
    await asyncio.gather(*(durable.receive("logs", raw) for _ in range(3)))
    durable.close()
    assert stored(store) == 3


async def test_records_without_a_time_are_new_even_while_the_first_is_being_decoded(
    receiver: Receiver, store: Store, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver_module, "_IN_A_THREAD", 1)
    raw = otlp.logs("a", time_unix_nano=0).SerializeToString()
    await asyncio.gather(*(receiver.receive("logs", raw) for _ in range(3)))
    assert stored(store) == 3
    assert tally.repeated_requests == 0


async def test_what_is_repeated_while_the_first_is_being_decoded_is_stored_once(
    receiver: Receiver, store: Store, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receiver_module, "_IN_A_THREAD", 1)
    raw = otlp.logs("once").SerializeToString()
    await asyncio.gather(*(receiver.receive("logs", raw) for _ in range(3)))
    assert stored(store) == 1
    assert tally.repeated_requests == 2


async def test_a_request_of_nothing_is_no_repetition(receiver: Receiver, tally: Tally) -> None:
    for signal in ("logs", "metrics", "traces"):
        for _ in range(2):
            await receiver.receive(signal, b"")
    assert tally.repeated_requests == 0
