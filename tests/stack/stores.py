"""The stores, asked as `sightline.proof` asks them; what does not come in time fails a test."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import httpx2

from sightline.proof import stores

T = TypeVar("T")


def eventually(ask: Callable[[], T], seconds: float = 30, what: str = "an answer") -> T:
    """The first answer that is not empty."""
    deadline = time.monotonic() + seconds
    while not (answer := ask()):
        assert time.monotonic() < deadline, f"{what} did not come within {seconds:g} s"
        time.sleep(0.25)
    return answer


@dataclass(frozen=True)
class Stores(stores.Stores):
    client: httpx2.Client  # for what only a test asks
