"""One drill under way: its clock, what was seen so far, and the fault that is in."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sightline.proof.drill.faults import Fault
from sightline.proof.drill.journal import Journal
from sightline.proof.drill.scene import Scene, Stopped, Unable
from sightline.proof.drill.story import Drill

_HEALING_TRIES = 5
_BETWEEN_TRIES_SECONDS = 2.0


class NotShown(Exception):  # noqa: N818 — reads as what happened
    """What should have been seen and was not, or not in time."""


class NotHealed(Exception):  # noqa: N818 — reads as what happened
    """A fault that is still in, and why."""


@dataclass(frozen=True)
class Step:
    at: float  # seconds since the drill began
    kind: str
    text: str


@dataclass
class Stage:
    scene: Scene
    journal: Journal
    drill: Drill
    hear: Callable[[Step], None] = lambda _: None
    steps: list[Step] = field(default_factory=list)
    links: dict[str, str] = field(default_factory=dict)
    facts: dict[str, Any] = field(default_factory=dict)
    was_in: bool = False  # the fault, if only for a moment
    began: float = field(default_factory=time.monotonic)
    began_at: float = field(default_factory=time.time)

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.began

    @property
    def deadline(self) -> float:
        return self.began + self.drill.seconds

    def note(self, kind: str, text: str) -> None:
        step = Step(self.seconds, kind, text)
        self.steps.append(step)
        self.hear(step)

    def show(self, done: Callable[[], bool], what: str) -> None:
        """Raise `NotShown` unless it comes to be in time."""
        if not self.scene.until(done, self.deadline):
            raise NotShown(f"{what} did not come within {self.seconds:.0f} s")

    @contextmanager
    def fault(self, fault: Fault) -> Iterator[None]:
        """In for as long as the block lasts; however that ends, it is healed."""
        if self.scene.stopping.is_set():
            raise Stopped
        self.journal.write(self.drill.story.name, fault.record())
        try:
            fault.inject()
            self.was_in = True
            self.note("fault", "is in")
            yield
        finally:
            heal(fault, self.journal)  # before a word of it: who listens may have gone
            self.note("fault", "is healed")


def heal(fault: Fault, journal: Journal) -> None:
    """The journal keeps the fault until it is out; raise `NotHealed` if it stays in."""
    for tries_left in reversed(range(_HEALING_TRIES)):
        try:
            fault.heal()
        except Unable as error:
            if not tries_left:
                raise NotHealed(f"{error} The next drill will try again.") from error
            time.sleep(_BETWEEN_TRIES_SECONDS)  # not the scene's pause: this is not given up
        else:
            journal.clear()
            return
