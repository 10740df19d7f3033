"""What workers that are gone have counted, added up in one file for each type.

A burial may be cut short by a kill at any moment: what is to be done is written down before it is
done, and done again by the next one.
"""

import contextlib
from collections.abc import Sequence
from pathlib import Path

import orjson
from prometheus_client.mmap_dict import MmapedDict

from sightline.telemetry.workers import exemplars

ADDED_UP = ("counter", "histogram", "summary")
# Of a gauge, only what is: prometheus_client's default (`all`) and its `live…` modes.
FORGOTTEN = ("all", "liveall", "livemin", "livemax", "livesum", "livemostrecent")
_KEPT = "gone"
_JOURNAL = "burial.json"


def bury(folder: Path, pids: Sequence[int]) -> None:
    """To be called by the one who holds the folder's lock."""
    _finish(folder)
    if not pids:
        return
    for kind in ADDED_UP:
        _add_up(folder, kind, [folder / f"{kind}_{pid}.db" for pid in pids])
    _keep_exemplars(folder, pids)
    for pid in pids:
        for mode in FORGOTTEN:
            (folder / f"gauge_{mode}_{pid}.db").unlink(missing_ok=True)
        (folder / f"{pid}.alive").unlink()


def _add_up(folder: Path, kind: str, files: Sequence[Path]) -> None:
    files = [file for file in files if file.exists()]
    if not files:
        return
    kept, new = folder / f"{kind}_{_KEPT}.db", folder / f"{kind}_{_KEPT}.new"
    totals: dict[str, float] = {}
    for file in [*files, *([kept] if kept.exists() else [])]:
        for key, value, _, _ in MmapedDict.read_all_values_from_file(file):  # type: ignore[no-untyped-call]
            totals[key] = totals.get(key, 0.0) + value
    new.unlink(missing_ok=True)
    written = MmapedDict(new)  # type: ignore[no-untyped-call]
    for key, total in totals.items():
        written.write_value(key, total, 0.0)  # type: ignore[no-untyped-call]
    written.close()  # type: ignore[no-untyped-call]
    todo = {"new": new.name, "kept": kept.name, "remove": [file.name for file in files]}
    exemplars.write(folder / _JOURNAL, orjson.dumps(todo))
    _finish(folder)


def _finish(folder: Path) -> None:
    journal = folder / _JOURNAL
    if not journal.exists():
        return
    todo = orjson.loads(journal.read_bytes())
    with contextlib.suppress(FileNotFoundError):  # it is in its place already
        (folder / todo["new"]).replace(folder / todo["kept"])
    for name in todo["remove"]:
        (folder / name).unlink(missing_ok=True)
    journal.unlink()


def _keep_exemplars(folder: Path, pids: Sequence[int]) -> None:
    paths = [path for pid in pids if (path := folder / f"{pid}.exemplars").exists()]
    kept = folder / f"{_KEPT}.exemplars"
    if not paths:
        return
    together = exemplars.read([*paths, *([kept] if kept.exists() else [])])
    exemplars.write(kept, exemplars.encode(together))
    for path in paths:
        path.unlink()
