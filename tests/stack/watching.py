"""Which alerts fire, and which have fired, while faults come and go under steady traffic."""

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field

from stores import Stores
from traffic import Traffic

from sightline.proof.stores import StoreError

FIRING_SECONDS = 180
CLEARING_SECONDS = 300


@dataclass
class Watch:
    """Notes which alerts fired, and which still do, for as long as it is watched."""

    stores: Stores
    fired: set[str] = field(default_factory=set)
    firing: set[str] = field(default_factory=set)
    before_any_fault: set[str] = field(default_factory=set)
    cleared: set[str] = field(default_factory=set)  # after the last fault

    def look(self) -> None:
        try:
            states = self.stores.alerts()
        except StoreError:  # Prometheus is busy; the next look comes
            return
        self.firing = {name for name, state in states.items() if state == "firing"}
        self.fired |= self.firing

    def until(self, done: Callable[[], bool], seconds: float) -> None:
        deadline = time.monotonic() + seconds
        while not done() and time.monotonic() < deadline:
            self.look()
            time.sleep(1)

    def until_fired(self, *alerts: str, meanwhile: Callable[[], None] = lambda: None) -> None:
        def done() -> bool:
            meanwhile()
            return set(alerts) <= self.fired

        self.until(done, FIRING_SECONDS)

    def until_cleared(self, *alerts: str) -> None:
        def done() -> bool:
            self.cleared |= set(alerts) - self.firing
            return self.cleared == set(alerts)

        self.look()
        self.until(done, CLEARING_SECONDS)


@contextmanager
def background(times: int, work: Callable[[], object]) -> Iterator[None]:
    """So many threads do this over and over until the block ends; what one raises is raised."""
    done = threading.Event()

    def repeat() -> None:
        while not done.is_set():
            work()

    with ThreadPoolExecutor(times) as pool:
        running = [pool.submit(repeat) for _ in range(times)]
        try:
            yield
        finally:
            done.set()
        for each in running:
            each.result()


@contextmanager
def faulty(traffic: Traffic, **faults: dict[str, float]) -> Iterator[None]:
    """These faults of orders, named with `_` for `-`, until the block ends."""
    names = {name.replace("_", "-"): settings for name, settings in faults.items()}
    for name, settings in names.items():
        traffic.fault(name, **settings)
    try:
        yield
    finally:
        for name in names:
            traffic.heal(name)
