"""What a drill is: its words, and what is expected of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sightline.proof.drill.culprit import Suspect
    from sightline.proof.drill.faults import Fault
    from sightline.proof.drill.scene import Scene
    from sightline.proof.drill.stage import Stage


@dataclass(frozen=True)
class Story:
    """What a person reads before: what is done, and what should be seen of it."""

    name: str
    title: str
    done: str
    seen: str


@dataclass(frozen=True)
class Drill:
    story: Story
    seconds: int  # at most, from the first look until all is quiet
    alert: str  # its name, or why none can fire
    play: "Callable[[Stage], None]"


@dataclass(frozen=True)
class Elsewhere:
    """A drill that this mode cannot play, and why: told, not left out."""

    story: Story
    reason: str


@dataclass(frozen=True)
class ExpectedAlert:
    name: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class ExpectedPanel:
    """A series of a panel of a shipped dashboard, and the figure that it must pass."""

    board: str  # its uid
    title: str
    passes: float
    unit: str = ""
    ref: str = "A"
    series: str = ""  # its legend, where the panel has several
    falls: bool = False  # below the figure, instead of above it

    def passed(self, value: float | None) -> bool:
        if value is None:
            return False
        return value < self.passes if self.falls else value > self.passes


@dataclass(frozen=True)
class Load:
    """Traffic of the drill's own."""

    customers: int
    rate: float | None = None  # requests a second; as many as the customers make
    buying: int = 0  # of a hundred requests
    card: str = ""

    def __str__(self) -> str:
        rate = f"{self.rate:.0f} requests a second by" if self.rate else "as many requests as"
        made = "" if self.rate else " make"
        return f"{rate} {self.customers} customers{made}, {self.buying} of a hundred purchases"


@dataclass(frozen=True)
class Expectation:
    """An alert, a panel and a trace, of a fault under load."""

    fault: "Callable[[Scene], Fault]"
    alert: ExpectedAlert
    panel: ExpectedPanel
    load: Load
    recovery: Load
    suspect: "Suspect | None" = None  # None: traces wait too, and arrive once it is healed
    grows: bool = False  # the alert looks at an hour, so the load grows with what the hour had
