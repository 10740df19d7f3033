"""Where a drill is played, and until when: addresses, settings, and the wish to stop."""

import secrets
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from sightline.proof.addresses import Addresses, Mode
from sightline.proof.http import Unreachable
from sightline.proof.stores import StoreError, Stores

T = TypeVar("T")
_POLL_SECONDS = 1.0
_PATIENCE_SECONDS = 20.0
_NO_TRACE = f"{1:032x}"


class Unable(Exception):  # noqa: N818 — reads as what it is
    """Why a drill cannot be played, in one line with the remedy."""


class Stopped(Exception):  # noqa: N818 — a person's wish, not an error
    """Ctrl-C, or a signal to end."""


@dataclass
class Scene:
    places: Addresses
    data: Path
    token: str = field(default="", repr=False)  # a service account of Grafana's
    settings: Mapping[str, str] = field(default_factory=dict)  # for docker compose
    stopping: threading.Event = field(default_factory=threading.Event)
    id: str = field(default_factory=lambda: secrets.token_hex(4))

    @property
    def viewer(self) -> bool:
        return self.places.mode is Mode.VIEWER

    @cached_property
    def stores(self) -> Stores:
        return self.places.stores()

    def require_traces(self) -> None:
        """Raise `Unable` where no trace can be asked for."""
        try:
            self.stores.trace(_NO_TRACE)
        except StoreError as error:
            raise Unable(
                f"{error}. A drill follows a trace: start Tempo (docker compose up --wait tempo), "
                "or say where it is with --tempo. Jaeger cannot be asked in its place."
            ) from error

    def pause(self, seconds: float = _POLL_SECONDS) -> None:
        if self.stopping.wait(seconds):
            raise Stopped

    def patiently(self, ask: Callable[[], T]) -> T:
        """The first answer; a store that is busy is asked again for a while."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while True:
            try:
                return ask()
            except (StoreError, Unreachable):
                if time.monotonic() > deadline:
                    raise
                self.pause()

    def until(self, done: Callable[[], bool], deadline: float) -> bool:
        """Whether it came to be; a store that does not answer just now is asked again."""
        while True:
            try:
                if done():
                    return True
            except (StoreError, Unreachable):
                pass  # busy, restarting, or away on purpose
            if time.monotonic() > deadline:
                return False
            self.pause()
