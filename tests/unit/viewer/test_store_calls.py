"""The calls that the store keeps are those that its spans tell of, whenever these came."""

import random
import time
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest
from viewer_process import eventually

from sightline.viewer.store import Batch, Store, calls
from sightline.viewer.store.batch import Row
from sightline.viewer.store.database import open_database
from sightline.viewer.store.insertion import insert
from sightline.viewer.traceql.service_map import Edge, Node, service_map

SERVER, CLIENT, PRODUCER, CONSUMER, ERROR = 2, 3, 4, 5, 2
SECOND = 1_000_000_000
SLICE = calls.SLICE_NS
LAST = 2**63 - 1
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


def opened(path: Path) -> Store:
    """Whose retention runs when the test says so, and not between."""
    store = Store.open(path)
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
    store = opened(tmp_path)
    keep(store, *call(begin, 1), *call(time.time_ns() - 60 * SECOND, 2))
    settle(store)
    store.retention.age_seconds = 1_800
    store.retention.by_age(store._connection.cursor(), time.time())
    assert [edge.calls for edge in everything(store)[1]] == [1]
    assert store.query("SELECT min(slice) > ? FROM calls", [begin // SLICE]) == [(True,)]
    store.close()


Counted = list[tuple[int, int]]  # the first slice and the last, of each time


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> Counted:
    """What was counted; of whatever is counted at a time none is too slow."""
    monkeypatch.setattr(calls, "_SLOW_SECONDS", float("inf"))
    found: Counted = []

    def noted(connection: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
        found.append((first, last))
        assert last - first < calls._WIDEST, "too much to be counted at once"
        count(connection, first, last)

    count = calls._count
    monkeypatch.setattr(calls, "_count", noted)
    return found


def kept_of(
    *rows: Row, age_seconds: float = 86_400
) -> tuple[calls.Calls, duckdb.DuckDBPyConnection]:
    """Without a writer, whose passes come when they come."""
    connection = open_database(None).connection
    kept = calls.Calls(connection, age_seconds)
    kept.arriving(connection, rows)
    insert(connection, Batch(spans=list(rows)))
    return kept, connection


@pytest.mark.parametrize("wrong", [1, 1_790_000_000_000, 10**15, 2**62, LAST - SECOND])
def test_a_span_of_any_time_costs_nothing_and_is_on_the_map(
    store: Store, begin: int, asked: Counted, wrong: int
) -> None:
    keep(store, *call(begin, 1), *call(wrong, 2))
    settle(store)
    keep(store, *call(begin + 3 * SLICE, 3), *call(wrong + 1, 4))
    assert [edge.calls for edge in settle(store)[1]] == [4]
    now = begin // SLICE
    assert all(now <= first <= last <= now + 3 for first, last in asked)
    assert [edge.calls for edge in service_map(store, begin, begin + 4 * SLICE)[1]] == [2]
    assert store.writer.trouble == ""


def test_a_gap_of_decades_is_jumped_over_not_walked_through(begin: int, asked: Counted) -> None:
    century, now = 100 * 365 * 86_400.0, begin // SLICE
    kept, connection = kept_of(*call(1, 1), *call(begin, 2), *call(begin + 9 * SLICE, 3),
                               age_seconds=century)  # fmt: skip
    kept._at_once = 64
    kept.settle_when_due(connection)
    assert asked == [(now, now + 9), (0, 0)]
    # Nor once there is a settled one below it.
    connection.execute("DELETE FROM settled WHERE slice > 0")
    kept.restart(connection)
    kept._at_once = 64
    kept.settle_when_due(connection)
    assert asked[2:] == [(now, now + 9)]
    connection.close()


def test_what_is_too_much_to_be_counted_at_once_is_counted_in_halves(
    begin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = [row for number in range(8) for row in call(begin + number * SLICE, number + 1)]
    kept, connection = kept_of(*rows)
    kept._at_once, tried, count = 8, [], calls._count

    def cramped(connection: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
        tried.append(last - first + 1)
        if last - first + 1 > 2:
            raise duckdb.OutOfMemoryException("failed to allocate")
        count(connection, first, last)

    monkeypatch.setattr(calls, "_count", cramped)
    monkeypatch.setattr(calls, "_SLOW_SECONDS", 1e-9)  # no pass has more than one
    monkeypatch.setattr(calls, "_DUE_SECONDS", 3_600.0)
    for each in (8, 4):
        kept._due = 0.0
        with pytest.raises(duckdb.OutOfMemoryException):
            kept.settle_when_due(connection)
        # Not at once again, where what is to be stored would wait for it.
        kept.settle_when_due(connection)
        assert tried[-1] == each
    assert len(tried) == 2
    kept._due = 0.0
    kept.settle_when_due(connection)
    assert tried == [8, 4, 2]
    assert connection.execute("SELECT count(*) FROM settled").fetchall() == [(2,)]
    connection.close()


def test_one_slice_that_cannot_be_counted_holds_up_no_other(
    begin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept, connection = kept_of(*(row for n in range(4) for row in call(begin + n * SLICE, n + 1)))
    heavy, count, failures = begin // SLICE + 2, calls._count, []

    def cramped(connection: duckdb.DuckDBPyConnection, first: int, last: int) -> None:
        if first <= heavy <= last:
            raise duckdb.OutOfMemoryException("failed to allocate")
        count(connection, first, last)

    monkeypatch.setattr(calls, "_count", cramped)
    monkeypatch.setattr(calls, "QUIET_SECONDS", 3_600.0)
    kept._waiting = dict.fromkeys(kept._waiting, float("-inf"))  # as if quiet for long
    for _ in range(8):
        try:
            kept.settle_when_due(connection)
        except duckdb.OutOfMemoryException as error:
            failures.append(error)
    assert len(failures) == 1
    assert set(kept._waiting) == {heavy}
    connection.close()


def test_spans_are_stored_and_on_the_map_though_their_calls_cannot_be_counted(
    store: Store, begin: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed: list[int] = []

    def cramped(_: duckdb.DuckDBPyConnection, first: int, __: int) -> None:
        failed.append(first)
        raise duckdb.OutOfMemoryException("failed to allocate")

    with monkeypatch.context() as patched:
        patched.setattr(calls, "_count", cramped)
        keep(store, *call(begin, 1))
        eventually(lambda: failed, "an attempt", seconds=30)
        keep(store, *call(begin + SLICE, 2))
        assert [edge.calls for edge in everything(store)[1]] == [2]
    assert [edge.calls for edge in settle(store)[1]] == [2]
    assert (store.writer.lost_rows, store.writer.trouble) == (0, "")
