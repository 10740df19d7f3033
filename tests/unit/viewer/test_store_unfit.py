"""A row that no table takes loses its own request alone, and the writer goes on."""

import os
from typing import Any

import duckdb
import pytest

from sightline.viewer.store import Batch, Store, eviction
from sightline.viewer.store.batch import Row
from sightline.viewer.store.insertion import insert
from sightline.viewer.store.writer import NotStored

_SPAN: dict[str, Any] = {
    "ts": 1_790_000_000_000_000_000,
    "dur": 1,
    "trace_id": "0af7651916cd43dd8448eb211c80319c",
    "span_id": "b7ad6b7169203331",
    "parent_id": "",
    "resource_id": 1,
    "scope": "",
    "service": "orders",
    "name": "n",
    "kind": 2,
    "status": 0,
    "status_message": "",
    "http_route": "",
    "http_method": "",
    "http_status": -1,
    "attrs": "{}",
    "events": "[]",
    "links": "[]",
}
UNFIT_ERRORS = (
    duckdb.DataError,
    duckdb.ProgrammingError,
    ValueError,
    TypeError,
    OverflowError,
)
UNFIT = {
    "a number that its column does not hold": {"http_status": 70_000},
    "a number that no column holds": {"dur": 2**70},
    "a number beyond its kind": {"kind": 999},
    "a text for a number": {"dur": "long"},
    "none for a number": {"dur": None},
    "an id that is none": {"trace_id": "zz"},
    "a text that is not Unicode": {"name": "\ud800"},
}


def span(**fields: object) -> Row:
    return tuple({**_SPAN, **fields}.values())


@pytest.mark.parametrize("fields", UNFIT.values(), ids=UNFIT)
def test_an_unfit_row_loses_its_own_request_and_nothing_before_or_after(
    store: Store, fields: dict[str, object]
) -> None:
    futures = [
        store.append(Batch(spans=[span(**each)]), wait=True)
        for each in ({"span_id": "a" * 16}, fields, {"span_id": "b" * 16})
    ]
    outcomes = [future.exception(10) for future in futures if future is not None]
    assert outcomes[0] is outcomes[2] is None
    assert isinstance(outcomes[1], NotStored)
    assert store.query("SELECT span_id FROM spans ORDER BY 1") == [("a" * 16,), ("b" * 16,)]
    assert (store.writer.lost_rows, store.writer.trouble) == (1, "")


@pytest.mark.parametrize("fields", UNFIT.values(), ids=UNFIT)
def test_an_error_of_the_rows_is_raised_as_it_is_and_leaves_no_transaction(
    store: Store, fields: dict[str, object]
) -> None:
    connection = store._connection.cursor()
    with pytest.raises(UNFIT_ERRORS):
        insert(connection, Batch(spans=[span(**fields)]))
    insert(connection, Batch(spans=[span(trace_id=os.urandom(16).hex())]))
    assert connection.execute("SELECT count(*) FROM spans").fetchall() == [(1,)]


def test_making_room_that_fails_midway_leaves_no_transaction(store: Store) -> None:
    store.append(Batch(spans=[span()]))
    store.flush()
    connection = store._connection.cursor()
    connection.execute("CREATE TABLE compacted (in_the_way INTEGER)")
    with pytest.raises(duckdb.Error, match="compacted"):
        eviction.evict(connection)
    insert(connection, Batch(spans=[span()]))
    assert connection.execute("SELECT count(*) FROM spans").fetchall()[0][0] >= 1
