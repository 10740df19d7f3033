"""The DuckDB file: opened, checked, and set aside when it cannot be used."""

import contextlib
import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import duckdb

from sightline.viewer.store.migration import STEPS, migrate

SCHEMA_VERSION = "2"
_STEM = "telemetry"
FILE_NAME = f"{_STEM}.duckdb"
_SETTINGS = {
    "threads": "1",
    "preserve_insertion_order": "false",
    # Gives memory back that is no longer used.
    "allocator_background_threads": "true",
}
# Tables in memory count too: room for their limit, for what is not yet compressed, for queries.
_LIMITS = {False: {"memory_limit": "128MB"}, True: {"memory_limit": "768MB"}}
_MIGRATING = {"memory_limit": "1GB"}  # once, before anything is received: all traces together
_MARKS_OF_DAMAGE = ("corrupt", "checksum", "not read enough bytes")

log = logging.getLogger(__name__)


class StoreUnusable(Exception):  # noqa: N818 — reads as what happened
    """The store cannot be opened, in one line with the remedy."""


@dataclass(frozen=True, slots=True)
class Opened:
    connection: duckdb.DuckDBPyConnection
    set_aside: str = ""  # what was set aside and why; "" as a rule
    fresh: bool = False  # whether nothing was in it


def open_database(folder: Path | None) -> Opened:
    """Open or create; a damaged file or one of another version is renamed and said so."""
    if folder is None:
        return _opened(":memory:")
    _own_folder(folder)
    path = folder / FILE_NAME
    try:
        return _opened(str(path))
    except _Mismatch as error:
        return _anew(path, str(error))
    except duckdb.IOException as error:
        _refuse_unless_damaged(path, error)
        return _without_log(path, error)
    except duckdb.Error as error:
        return _without_log(path, error)


def begin_anew(folder: Path | None, error: duckdb.Error) -> Opened:
    """Set aside a file that opened and then turned out to be damaged."""
    if folder is None:
        return open_database(None)
    _own_folder(folder)
    return _anew(folder / FILE_NAME, f"it is damaged ({first_line(error)})")


def is_damage(error: duckdb.Error) -> bool:
    """Whether what was read is not what was written."""
    text = str(error).lower()
    return any(mark in text for mark in _MARKS_OF_DAMAGE)


def first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]


class _Mismatch(Exception):  # noqa: N818 — an outcome of looking, not an error
    pass


def _connect(path: str, limits: Mapping[str, str] | None = None) -> duckdb.DuckDBPyConnection:
    # The umask is what makes DuckDB's own files (log, temporary folder) private too.
    before = os.umask(0o077)
    try:
        return duckdb.connect(path, config={**_SETTINGS, **(limits or _LIMITS[path == ":memory:"])})
    finally:
        os.umask(before)


def _opened(path: str, set_aside: str = "") -> Opened:
    connection = _connect(path)
    with _closed_on_error(connection):
        version = _usable_version(connection)
        connection.execute(resources.files(__package__).joinpath("schema.sql").read_text())
        if not version:
            connection.execute("INSERT INTO meta VALUES ('schema_version', ?)", [SCHEMA_VERSION])
    if version in ("", SCHEMA_VERSION):
        return Opened(connection, set_aside, fresh=not version)
    # Opened anew before and after: a limit cannot be lowered below what is in use.
    connection.close()
    _migrate(path, version)
    return Opened(_connect(path), set_aside)


@contextlib.contextmanager
def _closed_on_error(connection: duckdb.DuckDBPyConnection) -> Iterator[None]:
    try:
        yield
    except BaseException:
        with contextlib.suppress(duckdb.Error):
            connection.close()
        raise


def _usable_version(connection: duckdb.DuckDBPyConnection) -> str:
    """Of what is there, this one or one that can be brought to it; "" of an empty file."""
    tables = connection.execute("SELECT table_name FROM duckdb_tables()").fetchall()
    if not tables:
        return ""
    found = (
        []
        if ("meta",) not in tables
        else connection.execute("SELECT value FROM meta WHERE key = 'schema_version'").fetchall()
    )
    version = str(found[0][0]) if found else "unknown"
    if version != SCHEMA_VERSION and version not in STEPS:
        raise _Mismatch(f"its schema is version {version}, this viewer's is {SCHEMA_VERSION}")
    return version


def _migrate(path: str, version: str) -> None:
    connection = _connect(path, _MIGRATING)
    try:
        with _closed_on_error(connection):
            migrate(connection, version)
        connection.close()
    except duckdb.OutOfMemoryException as error:
        raise _Mismatch(
            f"its schema is version {version}, this viewer's is {SCHEMA_VERSION}, and there is too"
            f" much in it to change that ({first_line(error)})"
        ) from error


def _own_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        # Of a folder that is used for other things too, the files alone are ours to close.
        if all(entry.name.startswith(f"{_STEM}.") for entry in folder.iterdir()):
            folder.chmod(0o700)
    except OSError as error:
        raise StoreUnusable(
            f"cannot use the data folder {folder}: {error.strerror}. "
            "Give a folder you own: --data FOLDER, or keep nothing: --memory"
        ) from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StoreUnusable(
            f"cannot write to the data folder {folder}. "
            "Give a folder you own: --data FOLDER, or keep nothing: --memory"
        )


def _refuse_unless_damaged(path: Path, error: duckdb.IOException) -> None:
    text = str(error)
    if "lock" in text.lower():
        raise StoreUnusable(
            f"another viewer has {path} open. Stop it, or give a folder of its own: --data FOLDER"
        ) from error
    if "No space left" in text or not os.access(path, os.R_OK | os.W_OK):
        raise StoreUnusable(
            f"cannot open {path}: {first_line(error)}. "
            "Make room or give another folder: --data FOLDER"
        ) from error


def _without_log(path: Path, error: duckdb.Error) -> Opened:
    """Where only the log of the last changes is damaged, all before them is sound."""
    wal = _wal(path)
    if "wal" in str(error).lower() and wal.exists():
        aside = _renamed(wal, wal.with_name(f"{_aside(path).name}.wal"))
        said = (
            f"the last changes to {path} were set aside as {aside.name}, all before them is there:"
            f" they are damaged ({first_line(error)})"
        )
        try:
            return _opened(str(path), said)
        except (duckdb.Error, _Mismatch) as worse:
            return _anew(path, f"it is damaged ({first_line(worse)})")
    return _anew(path, f"it is damaged ({first_line(error)})")


def _anew(path: Path, reason: str) -> Opened:
    aside = _renamed(path, _aside(path))
    wal = _wal(path)
    if wal.exists():
        _renamed(wal, _wal(aside))
    said = f"{path} was set aside as {aside.name} and a fresh store begun: {reason}"
    return _opened(str(path), said)


def _aside(path: Path) -> Path:
    return path.with_name(f"{path.stem}.set-aside-{time.time_ns()}{path.suffix}")


def _wal(path: Path) -> Path:
    return path.with_name(path.name + ".wal")


def _renamed(path: Path, to: Path) -> Path:
    log.warning("store.set_aside: %s as %s", path, to.name)
    try:
        return path.rename(to)
    except FileNotFoundError:
        # Somebody else has taken it away, which does as well.
        return to
    except OSError as error:
        raise StoreUnusable(
            f"{path} is damaged and cannot be renamed: {error.strerror}. Let {path.parent} be"
            " written to, or give another folder: --data FOLDER"
        ) from error
