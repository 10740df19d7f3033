"""The ledger's rows and columns, and what makes them equal."""

import math
from collections import Counter
from dataclasses import dataclass, field

from sightline.proof.ledger.run import Key

COLUMNS = ("counter", "spans", "lines")
_DEVIATIONS = 4.5  # of a sampled count: seven in a million runs lie further out by chance


@dataclass(frozen=True)
class Difference:
    """`amount` is what is there less what should be: negative where something is missing."""

    service: str
    column: str
    key: Key | None  # none for the sum of a service
    wanted: int
    amount: int


@dataclass
class Books:
    """One service: what should be there, and what each store holds of it."""

    service: str
    wanted: Counter[Key]
    counter: Counter[Key] = field(default_factory=Counter)
    spans: Counter[Key] = field(default_factory=Counter)
    lines: Counter[Key] = field(default_factory=Counter)
    # How far the counter may be off: requests of others at the very moments of its two scrapes.
    leeway: Counter[Key] = field(default_factory=Counter)

    def rows(self) -> list[Key]:
        found = {*self.wanted, *self.counter, *self.spans, *self.lines}
        return sorted(found, key=lambda key: (key.route, key.method, key.status))

    def column(self, name: str) -> Counter[Key]:
        column: Counter[Key] = getattr(self, name)
        return column

    def differences(self, share: "Share") -> list[Difference]:
        found = []
        for name in COLUMNS:
            column = self.column(name)
            if name == "spans" and share.sampled:
                found += self._sampled(share)
                continue
            for key in self.rows():
                amount = column[key] - self.wanted[key]
                if abs(amount) > (self.leeway[key] if name == "counter" else 0):
                    found.append(Difference(self.service, name, key, self.wanted[key], amount))
        return found

    def _sampled(self, share: "Share") -> list[Difference]:
        """Of a sampled column only the sum can be judged, within the bounds of chance."""
        low, high = share.bounds(self.wanted.total())
        there = self.spans.total()
        if low <= there <= high:
            return []
        wanted = low if there < low else high
        return [Difference(self.service, "spans", None, wanted, there - wanted)]


@dataclass(frozen=True)
class Share:
    """Of all traces, how many are kept: by the sampler, and of those by the tail."""

    head: float = 1.0
    tail: float = 1.0

    @property
    def sampled(self) -> bool:
        return self.head < 1 or self.tail < 1

    def bounds(self, of: int) -> tuple[int, int]:
        """Tail sampling keeps all errors and slow traces too: it bounds from below alone."""
        low, high = self.head * self.tail, self.head
        return (
            max(0, math.floor(of * low - _DEVIATIONS * math.sqrt(of * low * (1 - low)))),
            min(of, math.ceil(of * high + _DEVIATIONS * math.sqrt(of * high * (1 - high)))),
        )


@dataclass
class Event:
    """A fact of the business: its lines, and its counter where it has one."""

    service: str
    name: str
    of: str
    wanted: int
    lines: int = 0
    counter: int | None = None
    leeway: int = 0

    def differences(self) -> list[Difference]:
        found = []
        key = Key("", self.name, "")
        if self.lines != self.wanted:
            amount = self.lines - self.wanted
            found.append(Difference(self.service, "lines", key, self.wanted, amount))
        if self.counter is not None and abs(self.counter - self.wanted) > self.leeway:
            amount = self.counter - self.wanted
            found.append(Difference(self.service, "counter", key, self.wanted, amount))
        return found
