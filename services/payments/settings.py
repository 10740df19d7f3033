"""What the environment decides about payments, checked once at start."""

import logging
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")
MOST_DAYS = 3650


class SettingError(Exception):
    """A setting that cannot be used: its name, its value and the remedy, in one line."""


@dataclass(frozen=True)
class Settings:
    database: Path = Path(".sightline/payments.db")
    log_level: int = logging.INFO
    keep_days: float = 7.0

    @classmethod
    def from_environment(cls, env: Mapping[str, str] = os.environ) -> "Settings":
        level = env.get("LOG_LEVEL") or "INFO"
        if level.upper() not in LOG_LEVELS:
            raise SettingError(f"LOG_LEVEL={level!r} is no level: give one of {_list(LOG_LEVELS)}.")
        return cls(
            database=Path(env.get("PAYMENTS_DATABASE") or cls.database),
            log_level=logging.getLevelNamesMapping()[level.upper()],
            keep_days=_days(env, "PAYMENTS_KEEP_DAYS", cls.keep_days),
        )


def _days(env: Mapping[str, str], name: str, default: float) -> float:
    text = env.get(name) or str(default)
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value <= MOST_DAYS:
        raise SettingError(
            f"{name}={text!r} is not usable: give a number above 0, at most {MOST_DAYS}."
        )
    return value


def require_writable(folder: Path) -> None:
    mark = folder / ".payments-writable"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        mark.touch()
        mark.unlink()
    except OSError as error:
        raise SettingError(
            f"cannot write to the data folder {folder}: {error.strerror}. "
            "Name a file in a folder you own: PAYMENTS_DATABASE=/path/to/payments.db"
        ) from error


def _list(names: tuple[str, ...]) -> str:
    return ", ".join(names[:-1]) + f" or {names[-1]}"
