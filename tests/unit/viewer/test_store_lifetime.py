"""The store over restarts, crashes and damage: what was taken is there, or said to be gone."""

import os
import shutil
import signal
import stat
import subprocess
from pathlib import Path
from uuid import UUID

import duckdb
import otlp_requests as otlp
import psutil
import pytest
from viewer_process import Viewer, eventually, viewer

from sightline.viewer.store import Batch, Store, StoreUnusable, database
from sightline.viewer.store.database import FILE_NAME


def send(running: Viewer, spans: int) -> None:
    answer = running.post("/v1/traces", otlp.traces(spans).SerializeToString())
    assert answer.status == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_all_that_was_acknowledged_is_there_after_a_restart(
    tmp_path: Path, number: signal.Signals
) -> None:
    with viewer(tmp_path) as first:
        for _ in range(20):
            send(first, 50)
        first.post("/v1/logs", otlp.logs().SerializeToString())
        # At once, with the last of it still in the queue.
        assert first.stop(number) == 0
    with viewer(tmp_path) as second:
        assert (second.rows("spans"), second.rows("logs")) == (1_000, 1)
        labels = second.json("/loki/api/v1/labels")
        assert "service_name" in labels["data"]


def test_series_and_samples_outlive_a_restart(tmp_path: Path) -> None:
    first = Store.open(tmp_path)
    batch = Batch()
    series = first.new_series(batch, "up", {"job": "orders"})
    now = first.head.start_ms
    batch.points.add(series, now + 1, 1.0)
    batch.points.add(series, now + 2, float("nan"), stale=True)
    first.append(batch)
    first.close()
    second = Store.open(tmp_path)
    (found,) = second.samples.select([], 0, now + 10)
    assert found.labels == {"__name__": "up", "job": "orders"}
    assert found.ts.tolist() == [now + 1, now + 2]
    assert found.stale.tolist() == [False, True]
    assert second.new_series(Batch(), "up", {"job": "orders"}) == series
    assert second.next_sequence() == 1
    second.close()


def test_data_is_private(tmp_path: Path) -> None:
    folder = tmp_path / "of" / "mine"
    Store.open(folder).close()
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}


def test_a_folder_of_its_own_is_closed_and_one_that_is_shared_is_left_as_it_is(
    tmp_path: Path,
) -> None:
    own, shared = tmp_path / "own", tmp_path / "shared"
    for folder in (own, shared):
        folder.mkdir(mode=0o755)
    (shared / "somebody's").touch()
    for folder, mode in ((own, 0o700), (shared, 0o755)):
        Store.open(folder).close()
        assert stat.S_IMODE(folder.stat().st_mode) == mode
        assert stat.S_IMODE((folder / FILE_NAME).stat().st_mode) == 0o600


def test_data_stays_private_when_files_are_begun_anew(tmp_path: Path) -> None:
    with viewer(tmp_path) as running:
        for _ in range(3):
            send(running, 2_000)
        running.stored("spans", 6_000)
        assert {stat.S_IMODE(file.stat().st_mode) for file in tmp_path.iterdir()} == {0o600}


def test_a_damaged_file_is_set_aside_and_said_so(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(os.urandom(20_000))
    store = Store.open(tmp_path)
    assert "set aside" in store.set_aside
    assert "damaged" in store.set_aside
    assert store.query("SELECT count(*) FROM spans") == [(0,)]
    store.close()
    assert len(list(tmp_path.glob("*.set-aside-*"))) == 1


def test_a_file_cut_short_is_set_aside(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    path = tmp_path / FILE_NAME
    path.write_bytes(path.read_bytes()[:6_000])
    store = Store.open(tmp_path)
    assert "set aside" in store.set_aside
    store.close()


def test_another_versions_file_is_set_aside(tmp_path: Path) -> None:
    Store.open(tmp_path).close()
    with duckdb.connect(str(tmp_path / FILE_NAME)) as connection:
        connection.execute("UPDATE meta SET value = '999'")
    store = Store.open(tmp_path)
    assert "version 999" in store.set_aside
    store.close()


TRACE, BEGUN = "0af7651916cd43dd8448eb211c80319c", 1_790_000_000_000_000_000


@pytest.fixture
def earlier(tmp_path: Path) -> Path:
    """The folder of a store of version 1, with two spans."""
    ids = (TRACE, "b7ad6b7169203331", "")
    store = Store.open(tmp_path)
    row = (1, "", "orders", "n", 2, 0, "", "", "", -1, "{}", "[]", "[]")
    store.append(Batch(spans=[(BEGUN, 5, *ids, *row), (BEGUN + 7, 1, *ids, *row)]))
    store.close()
    with duckdb.connect(str(tmp_path / FILE_NAME)) as connection:
        connection.execute("DROP TABLE traces")
        connection.execute("UPDATE meta SET value = '1'")
    return tmp_path


def test_an_earlier_versions_file_is_brought_to_this_one(earlier: Path) -> None:
    store = Store.open(earlier)
    assert store.set_aside == ""
    assert store.query("SELECT * FROM traces") == [(UUID(TRACE), BEGUN, BEGUN + 7, BEGUN + 8)]
    assert store.query("SELECT value FROM meta") == [("2",)]
    assert store.query("SELECT count(*) FROM spans") == [(2,)]
    store.close()


def test_an_earlier_versions_file_has_more_memory_only_while_it_is_brought_to_this_one(
    earlier: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    during, limit, migrate = [], "SELECT current_setting('memory_limit')", database.migrate

    def noted(connection: duckdb.DuckDBPyConnection, version: str) -> None:
        during.extend(connection.execute(limit).fetchall())
        # More than a store has as a rule, of what cannot be written to disk meanwhile.
        connection.execute("SELECT length(string_agg(repeat('x', 1000000))) FROM range(150)")
        migrate(connection, version)

    monkeypatch.setattr(database, "migrate", noted)
    first = Store.open(earlier)
    assert first.set_aside == ""
    after = first.query(limit)
    first.close()
    second = Store.open(earlier)
    assert len(during) == 1
    assert during != after == second.query(limit)
    assert second.query("SELECT count(*) FROM traces") == [(1,)]
    second.close()


def test_a_folder_in_use_is_refused_in_one_line(tmp_path: Path) -> None:
    with viewer(tmp_path):
        with pytest.raises(StoreUnusable, match="another viewer has") as refused:
            Store.open(tmp_path)
        assert "\n" not in str(refused.value)


def test_a_folder_that_cannot_be_made_is_refused_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreUnusable, match="--data FOLDER"):
        Store.open(tmp_path / "file" / "below")


def test_a_full_disk_is_survived(tmp_path: Path) -> None:
    with viewer(tmp_path) as running:
        process = psutil.Process(running.process.pid)
        send(running, 10)
        running.stored("spans", 10)
        # No file of it may grow any more, as on a disk that is full.
        process.rlimit(psutil.RLIMIT_FSIZE, (1_000, psutil.RLIM_INFINITY))
        send(running, 2_000)
        eventually(lambda: running.json("/healthz")["status"] == "degraded", "the trouble")
        process.rlimit(psutil.RLIMIT_FSIZE, (psutil.RLIM_INFINITY, psutil.RLIM_INFINITY))
        eventually(lambda: running.json("/healthz")["status"] == "ok", "the recovery")
        running.stored("spans", 2_010)
        assert running.json("/api/status")["store"]["lost_rows"] == 0


IN_A_SMALL_DISK = """
mount -t tmpfs -o size=16m none "$1" && head -c 12M /dev/zero > "$1/ballast" && shift && exec "$@"
"""


def test_a_disk_that_is_really_full_is_survived(tmp_path: Path) -> None:
    inside = ["unshare", "--user", "--map-root-user", "--mount", "sh", "-c", IN_A_SMALL_DISK]
    before = [*inside, "sh", str(tmp_path)]
    if not shutil.which("unshare") or subprocess.run([*before, "true"], check=False).returncode:
        pytest.skip("a file system of its own cannot be mounted here")
    with viewer(tmp_path / "store", before=before) as running:
        accepted = 0
        while running.json("/healthz")["status"] == "ok":
            request = otlp.traces(200, attributes={"text": os.urandom(500).hex()})
            if running.post("/v1/traces", request.SerializeToString()).status == 200:
                accepted += 200
        assert "No space left" in running.json("/api/status")["store"]["trouble"]
        Path(f"/proc/{running.process.pid}/root{tmp_path}/ballast").unlink()
        eventually(lambda: running.json("/healthz")["status"] == "ok", "the recovery", 30)
        running.stored("spans", accepted)
        assert running.stop() == 0


def test_an_error_that_invalidates_the_database_is_survived(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sightline.viewer.store import writer  # noqa: PLC0415 — to be patched

    store, real, failures = Store.open(tmp_path), writer.insert, [2]

    def insert(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
        if failures[0] and batch.rows:
            failures[0] -= 1
            raise duckdb.FatalException("INTERNAL Error: database has been invalidated")
        real(connection, batch)

    monkeypatch.setattr(writer, "insert", insert)
    batch = Batch()
    batch.points.add(store.new_series(batch, "up", {}), store.head.start_ms + 1, 1.0)
    store.append(batch)
    store.flush()
    assert failures == [0]
    assert store.query("SELECT count(*) FROM points") == [(1,)]
    assert store.writer.trouble == ""
    store.close()


def test_a_database_lost_while_running_is_begun_anew_with_all_series(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sightline.viewer.store import writer  # noqa: PLC0415 — to be patched

    store, real, failures = Store.open(tmp_path), writer.insert, [1]

    def insert(connection: duckdb.DuckDBPyConnection, batch: Batch) -> None:
        if failures[0] and batch.rows:
            failures[0] -= 1
            connection.close()
            (tmp_path / FILE_NAME).write_bytes(os.urandom(20_000))
            raise duckdb.FatalException("INTERNAL Error: database has been invalidated")
        real(connection, batch)

    batch = Batch()
    series = store.new_series(batch, "up", {"job": "orders"})
    store.append(batch)
    store.flush()
    monkeypatch.setattr(writer, "insert", insert)
    store.append(Batch(exemplars=[(series, 1, 1.0, "{}")]))
    store.flush()
    assert "set aside" in store.set_aside
    assert store.query("SELECT id, name, labels FROM series") == [
        (series, "up", '{"job":"orders"}')
    ]
    assert store.query("SELECT count(*) FROM exemplars") == [(1,)]
    store.close()


@pytest.mark.parametrize("flag", ["port", "otlp_http_port", "otlp_grpc_port"])
def test_a_port_in_use_is_named_in_one_line(tmp_path: Path, flag: str) -> None:
    with viewer(None) as running:
        taken = getattr(running, flag.removesuffix("_port") if flag != "port" else flag)
        name = flag.replace("_", "-")
        with (
            pytest.raises(AssertionError, match=rf"port {taken} .*--{name} ") as ended,
            viewer(tmp_path, f"--{name}", str(taken)),
        ):
            pass
    assert str(ended.value).strip().count("\n") == 0
