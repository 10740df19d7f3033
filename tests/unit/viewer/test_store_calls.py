"""The calls that the store keeps are those that its spans tell of, whenever these came."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from viewer_process import eventually

from sightline.viewer.store import Batch, Store, calls
from sightline.viewer.store.batch import Row
from sightline.viewer.store.retention import Limits
from sightline.viewer.traceql.service_map import Edge, Node, service_map

SERVER, CLIENT, PRODUCER, CONSUMER, ERROR = 2, 3, 4, 5, 2
SECOND = 1_000_000_000
SLICE = calls.SLICE_NS
LAST = 2**62
Map = tuple[list[Node], list[Edge]]


@pytest.fixture(autouse=True)
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Slices are settled as soon as the writer has nothing else to do."""
    for name in ("QUIET_SECONDS", "_DUE_SECONDS"):
        monkeypatch.setattr(calls, name, 0.0)


@pytest.fixture
def begin() -> int:
    """Of a slice an hour ago."""
    return (time.time_ns() // SLICE - 360) * SLICE


def opened(path: Path, limits: Limits | None = None) -> Store:
    """Whose retention runs when the test says so, and not between."""
    store = Store.open(path, limits)
    store.retention._age_due = store.retention._size_due = float("inf")
    return store


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    store = opened(tmp_path)
    yield store
    store.close()


def span(service: str, ts: int, number: int, *, kind: int, parent: int = 0, dur: float = 0.1,
         status: int = 0) -> Row:  # fmt: skip
    trace = f"{parent or number:032x}"
    ids = (trace, f"{number:016x}", f"{parent:016x}" if parent else "")
    length = round(dur * SECOND)
    row = ("", service, "n", kind, status, "", "", "", -1, "{}", "[]", "[]")
    return (ts, length, *ids, 1, *row)


def call(ts: int, number: int, *, dur: float = 0.1, status: int = 0) -> tuple[Row, Row]:
    """The client's side, and the server's."""
    return (
        span("orders", ts, 2 * number, kind=CLIENT, dur=dur),
        span("payments", ts, 2 * number + 1, kind=SERVER, parent=2 * number, dur=dur,
             status=status),
    )  # fmt: skip


def keep(store: Store, *rows: Row) -> None:
    store.append(Batch(spans=list(rows)))
    store.flush()


def settle(store: Store) -> Map:
    """What is known once nothing is left to be settled."""
    eventually(lambda: not store._calls._waiting, "all settled", seconds=30)
    return everything(store)


def everything(store: Store) -> Map:
    return service_map(store, 0, LAST)


def told_by_spans(store: Store) -> Map:
    """With nothing settled; only where the writer is at rest."""
    kept = store.query("FROM settled")
    cursor = store._connection.cursor()
    cursor.execute("DELETE FROM settled")
    found = everything(store)
    cursor.executemany("INSERT INTO settled VALUES (?)", kept)
    return found


def test_settled_calls_are_those_of_the_spans_in_whatever_order_they_come(
    store: Store, begin: int
) -> None:
    chance = random.Random(5)
    rows: list[Row] = []
    for number in range(1, 400):
        at = begin + chance.randrange(30 * SLICE)
        rows += call(at, number, dur=chance.expovariate(3), status=ERROR * (number % 9 == 0))
    rows += rows[:50]  # sent again
    chance.shuffle(rows)
    for first in range(0, len(rows), 300):
        keep(store, *rows[first : first + 300])
        settle(store)
    nodes, edges = settle(store)
    assert [(edge.client, edge.server, edge.calls, edge.errors) for edge in edges] == [
        ("orders", "payments", 399, 44)
    ]
    assert len(store.query("FROM settled")) >= 30
    assert (nodes, edges) == told_by_spans(store)


def test_a_part_of_a_slice_is_told_by_its_spans(store: Store, begin: int) -> None:
    keep(store, *call(begin, 1), *call(begin + SLICE, 2), *call(begin + SLICE + 6 * SECOND, 3))
    settle(store)
    found = service_map(store, begin + 1, begin + SLICE + 5 * SECOND)[1]
    assert [edge.calls for edge in found] == [1]


def test_a_clients_side_that_comes_last_completes_a_settled_call(store: Store, begin: int) -> None:
    client, _ = call(begin, 1, dur=14)
    keep(store, span("payments", begin + 12 * SECOND, 3, kind=SERVER, parent=2))
    assert settle(store)[1] == []
    keep(store, client)
    assert [edge.calls for edge in everything(store)[1]] == [1]
    assert [edge.calls for edge in settle(store)[1]] == [1]


def test_a_message_is_a_call_of_whoever_consumes_it_within_a_minute(
    store: Store, begin: int
) -> None:
    keep(store, span("mail", begin + 50 * SECOND, 3, kind=CONSUMER, parent=2))
    settle(store)
    keep(store, span("orders", begin, 2, kind=PRODUCER, dur=0.001))
    assert [(edge.client, edge.server) for edge in settle(store)[1]] == [("orders", "mail")]


def test_what_is_settled_outlives_a_restart_and_what_is_not_is_settled_then(
    tmp_path: Path, begin: int
) -> None:
    first = opened(tmp_path)
    keep(first, *call(begin, 1))
    before = settle(first)
    keep(first, *call(begin + 40 * SLICE, 2))
    settle(first)
    first._connection.cursor().execute("DELETE FROM settled WHERE slice > ?", [begin // SLICE])
    first.close()
    second = opened(tmp_path)
    eventually(
        lambda: second.query("SELECT max(slice) FROM settled") == [(begin // SLICE + 40,)],
        "the later slice",
        seconds=30,
    )
    assert [edge.calls for edge in settle(second)[1]] == [2]
    assert before[1][0].calls == 1
    # The empty ones between are settled too: nobody need look at them again.
    assert len(second.query("FROM settled")) == 41
    second.close()


def test_calls_go_when_their_spans_are_too_old(tmp_path: Path, begin: int) -> None:
    store = opened(tmp_path, Limits(age_seconds=1_800))
    keep(store, *call(begin, 1), *call(time.time_ns() - 60 * SECOND, 2))
    settle(store)
    store.retention.by_age(store._connection.cursor(), time.time())
    assert [edge.calls for edge in everything(store)[1]] == [1]
    assert store.query("SELECT min(slice) > ? FROM calls", [begin // SLICE]) == [(True,)]
    store.close()
