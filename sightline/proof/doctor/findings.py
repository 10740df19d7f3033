"""What one hop says: sound, broken with cause and remedy, not checked, or not asked any more."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sightline.proof.doctor.patient import Patient


class State(StrEnum):
    SOUND = "ok"
    BROKEN = "broken"
    UNCHECKED = "not checked"
    NOT_ASKED = "not asked"


@dataclass(frozen=True, kw_only=True)
class Finding:
    hop: str
    state: State
    found: str = ""
    expected: str = ""
    cause: str = ""
    remedy: str = ""
    seconds: float = 0.0


@dataclass(kw_only=True)
class Broken(Exception):  # noqa: N818 — reads as what happened
    """A hop that does not hold: the four things a person wants to know of it."""

    expected: str
    found: str
    cause: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.expected}: {self.found}"


class Unchecked(Exception):  # noqa: N818 — reads as what happened
    """A hop that cannot be looked at from here, and why; that alone is no fault."""


@dataclass(frozen=True)
class Hop:
    """One step of the data's path. `check` returns what it found, or raises one of the above."""

    name: str
    question: str
    check: Callable[["Patient"], str]
