"""A damaged store is set aside and said so; what is sound is kept, and the viewer goes on."""

import asyncio
import dataclasses
import os
import shutil
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import otlp_requests as otlp
import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Batch, Store, writer
from sightline.viewer.store import store as store_module
from sightline.viewer.store.batch import Row
from sightline.viewer.store.database import FILE_NAME, Opened, open_database
from sightline.viewer.store.reader import StoreDamaged

TABLES = ("spans", "logs", "points", "series", "resources", "metric_metadata", "exemplars")
PARTS = 12


def span(number: int) -> Row:
    ts, ids = time.time_ns(), (os.urandom(16).hex(), os.urandom(8).hex(), "")
    attrs = f'{{"x": "{os.urandom(300).hex()}"}}'
    return (ts, number, *ids, 1, "", "orders", "n", 1, 0, "", "", "", -1, attrs, "[]", "[]")


def fill(store: Store, spans: int) -> None:
    batch = Batch(spans=[span(number) for number in range(spans)])
    for number in range(200):
        series = store.new_series(batch, "m", {"n": f"{number} {os.urandom(50).hex()}"})
        batch.points.add(series, store.head.start_ms + 1, 1.0)
    store.append(batch)
    store.flush()


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A store that was closed, opened again and killed: a file, and a log of later changes."""
    folder, killed = tmp_path_factory.mktemp("store"), tmp_path_factory.mktemp("killed")
    first = Store.open(folder)
    fill(first, 3_000)
    first.close()
    second = Store.open(folder)
    fill(second, 1_000)
    shutil.copytree(folder, killed, dirs_exist_ok=True)
    second.close()
    assert (killed / f"{FILE_NAME}.wal").stat().st_size > 100_000
    return killed


@pytest.mark.parametrize("part", range(PARTS))
def test_wherever_the_file_is_damaged_it_is_set_aside_once_met_and_work_goes_on(
    written: Path, tmp_path: Path, part: int
) -> None:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    path = tmp_path / FILE_NAME
    raw = bytearray(path.read_bytes())
    at = len(raw) * part // PARTS
    raw[at : at + 8_192] = os.urandom(min(8_192, len(raw) - at))
    path.write_bytes(raw)
    store = Store.open(tmp_path)
    met = bool(store.set_aside)
    for table in TABLES:
        try:
            store.query(f"SELECT * FROM {table}")  # noqa: S608 — names from above
        except StoreDamaged:
            met = True
    deadline = time.monotonic() + 20
    while met and not store.set_aside and time.monotonic() < deadline:
        time.sleep(0.02)
    assert ("set aside" in store.set_aside) is met
    assert bool(list(tmp_path.glob("*.set-aside-*"))) is met
    before = store.query("SELECT count(*) FROM spans")[0][0]
    store.append(Batch(spans=[span(1)]))
    store.flush()
    assert store.query("SELECT count(*) FROM spans") == [(before + 1,)]
    assert store.writer.trouble == ""
    store.close()


def test_where_only_the_log_of_changes_is_damaged_all_before_them_is_kept(
    written: Path, tmp_path: Path
) -> None:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    path = tmp_path / f"{FILE_NAME}.wal"
    raw = bytearray(path.read_bytes())
    raw[30_000:31_000] = os.urandom(1_000)
    path.write_bytes(raw)
    store = Store.open(tmp_path)
    assert "the last changes" in store.set_aside
    assert store.query("SELECT count(*) FROM spans") == [(3_000,)]
    store.close()


def test_a_log_that_a_crash_cut_short_costs_what_was_not_complete(
    written: Path, tmp_path: Path
) -> None:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    os.truncate(tmp_path / f"{FILE_NAME}.wal", 50_000)
    store = Store.open(tmp_path)
    assert store.set_aside == ""
    assert store.query("SELECT count(*) FROM spans") == [(3_000,)]
    store.close()


def test_a_file_that_cannot_be_opened_anew_is_waited_for(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As while a disk is full: the writer tries on, and loses nothing."""
    import duckdb  # noqa: PLC0415 — beside what it is patched into

    from sightline.viewer.store import StoreUnusable, store, writer  # noqa: PLC0415 — to be patched

    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    opened, real_insert, real_open, failures = Store.open(tmp_path), writer.insert, [0], []
    real = store.open_database

    def insert(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
        if batch.rows and not failures:
            failures.append("insert")
            raise duckdb.FatalException("FATAL Error: database has been invalidated")
        real_insert(connection, batch)

    def reopen(folder: Path | None) -> store.Opened:
        real_open[0] += 1
        if real_open[0] < 3:
            raise StoreUnusable("cannot open: No space left on device")
        return real(folder)

    monkeypatch.setattr(writer, "insert", insert)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(store, "open_database", reopen)
    opened.append(Batch(spans=[span(1)]))
    opened.flush()
    assert real_open == [3]
    assert opened.query("SELECT count(*) FROM spans") == [(4_001,)]
    opened.close()


def test_a_folder_that_is_taken_away_is_begun_anew_and_told_who_sends_what(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "data")
    receiver = Receiver(store, Tally())

    def send(body: str) -> None:
        metric = Metric(name="m")
        metric.gauge.data_points.add(time_unix_nano=time.time_ns(), as_int=1)
        for signal, request in (("logs", otlp.logs(body)), ("metrics", otlp.metrics(metric))):
            asyncio.run(receiver.receive(signal, request.SerializeToString()))
        store.flush()

    send("before")
    shutil.rmtree(tmp_path / "data")
    # What is acknowledged as stored is in a file that is there.
    send("noticed")
    assert "begun anew" in store.set_aside
    send("after")
    found = store.query("SELECT body FROM logs JOIN resources ON id = resource_id ORDER BY seq")
    assert found[-1] == ("after",)
    assert store.query("SELECT body FROM logs ORDER BY seq") == [("noticed",), ("after",)]
    assert store.query("SELECT count(*) FROM series WHERE name = 'm'") == [(1,)]
    assert (store.writer.trouble, (tmp_path / "data" / FILE_NAME).exists()) == ("", True)
    receiver.close()
    store.close()


def test_a_file_that_is_taken_away_while_nothing_is_sent_is_begun_anew_too(tmp_path: Path) -> None:
    store = Store.open(tmp_path)
    fill(store, 1)
    (tmp_path / FILE_NAME).unlink()
    deadline = time.monotonic() + 20
    while not store.set_aside and time.monotonic() < deadline:
        time.sleep(0.02)
    assert "begun anew" in store.set_aside
    assert (tmp_path / FILE_NAME).exists()
    assert store.query("SELECT count(*) FROM series") == [(200,)]
    store.close()


def test_a_file_that_cannot_be_looked_for_is_not_taken_for_gone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, real = Store.open(tmp_path), Path.stat

    def stat(path: Path, **named: Any) -> os.stat_result:
        if path.name == FILE_NAME:
            raise PermissionError(13, "Permission denied")
        return real(path, **named)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "stat", stat)
        fill(store, 1)
        assert (store.set_aside, store.writer.trouble) == ("", "")
    assert store.query("SELECT count(*) FROM spans") == [(1,)]
    store.close()


def once(error: Exception, real: Callable[..., Any]) -> Callable[..., Any]:
    """The real one, after it has failed once."""
    failures = [error]

    def call(*args: Any) -> Any:
        if failures:
            raise failures.pop()
        return real(*args)

    return call


def test_a_damaged_file_that_cannot_be_renamed_is_waited_for(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    store = Store.open(tmp_path)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.01)
    monkeypatch.setattr(writer, "insert", once(duckdb.IOException("checksum"), writer.insert))
    monkeypatch.setattr(Path, "rename", once(PermissionError(1, "not permitted"), Path.rename))
    store.append(Batch(spans=[span(1)]))
    store.flush()
    assert store.query("SELECT count(*) FROM spans") == [(1,)]
    assert "set aside" in store.set_aside
    store.close()


def test_a_file_that_is_gone_when_it_is_looked_at_does_not_end_the_writer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = Store.open(tmp_path)
    upkeep = once(FileNotFoundError(2, "no such file"), store.retention.when_due)
    monkeypatch.setattr(store.retention, "when_due", upkeep)
    for number in range(2):
        store.append(Batch(spans=[span(number)]))
        store.flush()
    assert store.query("SELECT count(*) FROM spans") == [(2,)]
    store.close()


def test_a_database_that_cannot_be_opened_anew_is_not_tried_without_a_pause(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, pauses, tries = Store.open(tmp_path), [], []
    sleep = time.sleep

    def pause(seconds: float) -> None:
        if threading.current_thread().name == "store-writer":
            pauses.append(seconds)
        else:  # threads of other tests
            sleep(seconds)

    def reopen(folder: Path | None) -> Opened:
        tries.append(len(pauses))
        if len(tries) < 5:
            raise OSError(28, "No space left on device")
        return open_database(folder)

    with monkeypatch.context() as patched:
        patched.setattr(store_module, "open_database", reopen)
        patched.setattr(writer, "insert", once(duckdb.FatalException("invalid"), writer.insert))
        patched.setattr(time, "sleep", pause)
        store.append(Batch(spans=[span(1)]))
        store.flush()
    # At once after the error, and then with a pause before each.
    assert tries == [0, 1, 2, 3, 4]
    store.close()


def test_what_is_still_there_is_not_told_a_second_time(
    written: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As where only the log of the last changes was set aside."""
    shutil.copytree(written, tmp_path, dirs_exist_ok=True)
    store = Store.open(tmp_path)
    before = store.query("SELECT count(*) FROM series")

    def reopen(folder: Path | None) -> Opened:
        opened = open_database(folder)
        opened.connection.execute("DELETE FROM series WHERE id = (SELECT min(id) FROM series)")
        return dataclasses.replace(opened, set_aside="the last changes were set aside")

    monkeypatch.setattr(store_module, "open_database", reopen)
    monkeypatch.setattr(writer, "insert", once(duckdb.FatalException("invalid"), writer.insert))
    store.append(Batch(spans=[span(1)]))
    store.flush()
    assert store.query("SELECT count(*) FROM series") == before
    assert store.query("SELECT count(DISTINCT id) FROM series") == before
    store.close()
