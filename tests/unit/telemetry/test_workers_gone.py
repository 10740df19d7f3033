"""The counts of workers that are gone: kept once, however often their burial is cut short."""

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from prometheus_client.mmap_dict import MmapedDict, mmap_key
from prometheus_client.samples import Exemplar

from sightline.telemetry.workers import exemplars, folder, gone

KEY = mmap_key("sold", "sold_total", ["what"], ["tea"], "Sold.")
SERIES = exemplars.series_of("sold_total", [("what", "tea")])


def count(place: Path, name: str, sold: float) -> None:
    file = MmapedDict(place / name)
    file.write_value(KEY, sold, 0.0)
    file.close()


def worker(place: Path, pid: int, sold: float) -> None:
    for kind in ("counter", "gauge_livesum", "gauge_max"):
        count(place, f"{kind}_{pid}.db", sold)
    (place / f"{pid}.alive").touch()


def counted(place: Path) -> float:
    files = place.glob("counter_*.db")
    return sum(
        value for file in files for _, value, _, _ in MmapedDict.read_all_values_from_file(file)
    )


def test_the_dead_are_added_up_in_one_file_and_their_gauges_forgotten(tmp_path: Path) -> None:
    for pid in (1, 2, 3):
        worker(tmp_path, pid, 10)
    gone.bury(tmp_path, [1, 2])
    assert counted(tmp_path) == 30
    gone.bury(tmp_path, [3])
    assert counted(tmp_path) == 30
    left = {path.name for path in tmp_path.iterdir()}
    assert left == {"counter_gone.db", "gauge_max_1.db", "gauge_max_2.db", "gauge_max_3.db"}


@pytest.mark.parametrize("step", ["replace", "unlink"])
@pytest.mark.parametrize("number", range(1, 5))
def test_a_burial_cut_short_at_any_step_is_finished_and_nothing_counts_twice(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, number: int
) -> None:
    count(tmp_path, "counter_gone.db", 100)
    for pid in (1, 2):
        worker(tmp_path, pid, 10)
    calls = []
    real = getattr(Path, step)

    def dies(*arguments: object, **settings: object) -> object:
        calls.append(arguments)
        if len(calls) == number:
            raise KeyboardInterrupt
        return real(*arguments, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(Path, step, dies)
        try:
            gone.bury(tmp_path, [1, 2])
        except KeyboardInterrupt:
            pass
        else:
            assert len(calls) < number
    still = [pid for pid in (1, 2) if (tmp_path / f"{pid}.alive").exists()]
    gone.bury(tmp_path, still)
    assert counted(tmp_path) == 120
    assert not list(tmp_path.glob("*.json"))


def test_of_two_exemplars_the_newer_is_kept(tmp_path: Path) -> None:
    for pid, at in ((1, 5.0), (2, 9.0), (3, 7.0)):
        worker(tmp_path, pid, 1)
        one = Exemplar({"trace_id": str(pid)}, 1.0, at)
        exemplars.write(tmp_path / f"{pid}.exemplars", exemplars.encode({SERIES: one}))
    gone.bury(tmp_path, [1, 2, 3])
    assert exemplars.read(tmp_path.glob("*.exemplars"))[SERIES].labels == {"trace_id": "2"}


def test_a_process_that_holds_its_lock_or_still_runs_is_not_gone(tmp_path: Path) -> None:
    held = folder.hold(tmp_path)
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    for pid in (ended.pid, os.getppid()):
        (tmp_path / f"{pid}.alive").touch()
    with folder.gone(tmp_path) as pids:
        assert pids == [ended.pid]
    held.close()


def uvicorn_worker(monkeypatch: pytest.MonkeyPatch, workers: int) -> None:
    process = multiprocessing.current_process()
    target = SimpleNamespace(__module__="uvicorn._subprocess")
    monkeypatch.setattr(process, "_target", target, raising=False)
    config = SimpleNamespace(workers=workers)
    monkeypatch.setattr(process, "_kwargs", {"config": config}, raising=False)


def test_workers_of_uvicorn_have_a_private_folder_and_the_abandoned_are_cleared(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv(folder.VARIABLE, "")
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    above = tmp_path / f"sightline-{os.geteuid()}"
    above.mkdir(0o700)
    abandoned, others = above / f"workers-{ended.pid}-ab", above / f"workers-{os.getppid()}-cd"
    abandoned.mkdir()
    others.mkdir()
    uvicorn_worker(monkeypatch, 4)
    place = folder.of_uvicorn_workers()
    assert place is not None
    assert place == folder.of_uvicorn_workers() == folder.named()
    assert place.stat().st_mode & 0o777 == 0o700
    assert not abandoned.exists()
    assert others.exists()


def test_one_worker_alone_shares_with_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(folder.VARIABLE, raising=False)
    assert folder.of_uvicorn_workers() is None
    uvicorn_worker(monkeypatch, 1)
    assert folder.of_uvicorn_workers() is None
    assert folder.named() is None


def test_a_link_in_the_folder_s_place_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / f"sightline-{os.geteuid()}").symlink_to(tmp_path / "elsewhere")
    uvicorn_worker(monkeypatch, 2)
    with pytest.raises(PermissionError, match="somebody else's"):
        folder.of_uvicorn_workers()
