"""What the environment decides about orders, checked once at start."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

DEFAULT_DATABASE = "sqlite+aiosqlite:///.sightline/orders.db"
DRIVERS = {
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
}
FAULTS_FILE = "ORDERS_FAULTS_FILE"
MOST_WORKERS = 64
SWITCH = {"1": True, "true": True, "on": True, "0": False, "false": False, "off": False, "": False}


class SettingError(Exception):
    """A setting that cannot be used: its name, its value and the remedy, in one line."""


@dataclass(frozen=True)
class Settings:
    database_url: URL = field(default_factory=lambda: make_url(DEFAULT_DATABASE))
    payments_url: str = "http://127.0.0.1:8001"
    payments_timeout: float = 2.0
    payments_attempts: int = 2
    faults_enabled: bool = False
    housekeeping_seconds: float = 5.0
    keep_days: float = 1.0
    workers: int = 1
    faults_file: Path | None = None  # where workers of one service share which faults are on

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        return cls(
            database_url=_database(env.get("DATABASE_URL") or DEFAULT_DATABASE),
            payments_url=_http_url(env.get("PAYMENTS_URL") or cls.payments_url),
            payments_timeout=_number(env, "PAYMENTS_TIMEOUT_SECONDS", cls.payments_timeout, 60),
            payments_attempts=int(_number(env, "PAYMENTS_ATTEMPTS", cls.payments_attempts, 5)),
            faults_enabled=_switch(env, "SIGHTLINE_FAULTS"),
            housekeeping_seconds=_number(
                env, "ORDERS_HOUSEKEEPING_SECONDS", cls.housekeeping_seconds, 3600
            ),
            keep_days=_number(env, "ORDERS_KEEP_DAYS", cls.keep_days, 3650),
            workers=int(_number(env, "ORDERS_WORKERS", cls.workers, MOST_WORKERS)),
            faults_file=Path(named) if (named := env.get(FAULTS_FILE)) else None,
        )

    @property
    def payment_seconds(self) -> float:
        """The longest a payment can take, its settling included; older ones were abandoned."""
        return (self.payments_attempts + 2) * (self.payments_timeout + 1)


def _database(text: str) -> URL:
    try:
        url = make_url(text)
    except ArgumentError:
        raise SettingError(
            "DATABASE_URL cannot be read as an address. Give sqlite+aiosqlite:///path/to/orders.db "
            "or postgresql+asyncpg://user:password@host/database."
        ) from None
    if url.drivername not in DRIVERS:
        raise SettingError(
            f"DATABASE_URL names {url.drivername!r}, which orders cannot use. "
            "Give sqlite+aiosqlite:///path/to/orders.db "
            "or postgresql+asyncpg://user:password@host/database."
        )
    if url.drivername.startswith("sqlite") and url.database in {None, "", ":memory:"}:
        raise SettingError(
            "DATABASE_URL names no file: orders must survive a restart. "
            "Give sqlite+aiosqlite:///path/to/orders.db."
        )
    return url.set(drivername=DRIVERS[url.drivername])


def _http_url(text: str) -> str:
    try:
        parts = urlsplit(text)
        usable = parts.scheme in {"http", "https"} and parts.hostname and parts.port != 0
    except ValueError:
        usable = None
    if not usable:
        raise SettingError(
            f"PAYMENTS_URL={text!r} is no web address. Give one such as http://127.0.0.1:8001."
        )
    return text.rstrip("/")


def _number(env: Mapping[str, str], name: str, default: float, most: float) -> float:
    text = env.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    whole = isinstance(default, int)
    if not 0 < value <= most or (whole and value != int(value)):
        kind = "a whole number" if whole else "a number"
        raise SettingError(f"{name}={text!r} is not usable: give {kind} above 0, at most {most}.")
    return value


def _switch(env: Mapping[str, str], name: str) -> bool:
    text = env.get(name, "")
    if text.lower() not in SWITCH:
        raise SettingError(f"{name}={text!r} is neither on nor off: give 1 or 0.")
    return SWITCH[text.lower()]


def require_writable(url: URL) -> None:
    """SQLite needs a folder it may write to; another database has its own keeper."""
    if url.get_backend_name() != "sqlite":
        return
    folder = Path(str(url.database)).parent
    mark = folder / ".orders-writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark.touch()
        mark.unlink()
    except OSError as error:
        raise SettingError(
            f"cannot write to the data folder {folder}: {error.strerror}. "
            "Name a file in a folder you own: DATABASE_URL=sqlite+aiosqlite:////path/to/orders.db"
        ) from error
