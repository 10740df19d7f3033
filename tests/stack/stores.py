"""The stores, asked as `sightline.proof` asks them; what does not come in time fails a test."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

import httpx2

from sightline.proof import stores

T = TypeVar("T")


class Patience:
    """How long is waited where nothing else is said: for what is known not to come, less."""

    seconds = 30.0


def eventually(ask: Callable[[], T], seconds: float | None = None, what: str = "an answer") -> T:
    """The first answer that is not empty."""
    seconds = Patience.seconds if seconds is None else seconds
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:g} s"
        time.sleep(0.25)
    return answer


@dataclass(frozen=True)
class Stores(stores.Stores):
    client: httpx2.Client  # for what only a test asks
    timeout: float = field(default=60, kw_only=True)  # a busy machine is no fault
