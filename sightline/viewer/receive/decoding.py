"""What decoders share: what they remember between requests, and what they hand over."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sightline.viewer.receive.attributes import Attributes
from sightline.viewer.receive.fragments import Fragments
from sightline.viewer.receive.redaction import Redactor, may_hold_secrets
from sightline.viewer.receive.resources import Resources
from sightline.viewer.store.batch import Batch

LAST_NS = 2**63 - 1  # the year 2262; the store's times are signed 64-bit numbers
_SEEN_PER_GENERATION = 100_000


class Seen:
    """The last hundred thousand keys and more, in two generations of bounded size."""

    def __init__(self, size: int = _SEEN_PER_GENERATION) -> None:
        self._size = size
        self._young: set[bytes] = set()
        self._old: set[bytes] = set()

    def is_new(self, key: bytes) -> bool:
        """And from now on it is not."""
        if key in self._young or key in self._old:
            return False
        self._young.add(key)
        if len(self._young) >= self._size:
            self._old, self._young = self._young, set()
        return True

    def forget(self, keys: Iterable[bytes]) -> None:
        for key in keys:
            self._young.discard(key)
            self._old.discard(key)


class Memory:
    """What outlives a request: resources, harmless keys, spans already taken."""

    def __init__(self, stored_resources: set[int]) -> None:
        self.redactor = Redactor()
        self.resources = Resources(stored_resources)
        self.fragments = Fragments(self.redactor)
        self.spans = Seen()

    def attributes(self, raw: bytes) -> Attributes:
        return Attributes(self.redactor, texts=may_hold_secrets(raw))


@dataclass(slots=True)
class Accepted:
    """Of one service in one request."""

    received: int = 0
    rejected: int = 0
    duplicates: int = 0


@dataclass(slots=True)
class Decoded:
    batch: Batch
    services: dict[str, Accepted] = field(default_factory=dict)
    rejected: int = 0
    reason: str = ""  # of the first rejection
    timed: bool = True  # whether any of it says its own time, so that another one differs

    @classmethod
    def of(cls, raw: bytes) -> "Decoded":
        return cls(Batch(size=len(raw)))

    def count(self, service: str, items: int) -> Accepted:
        accepted = self.services.setdefault(service, Accepted())
        accepted.received += items
        return accepted

    def reject(self, accepted: Accepted, reason: str, items: int = 1) -> None:
        accepted.rejected += items
        self.rejected += items
        self.reason = self.reason or reason
