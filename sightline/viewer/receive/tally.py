"""What arrived, by signal and service: received, refused, dropped, and why."""

import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field

_MAX_SERVICES = 1_000
_REST = "(other services)"


@dataclass(slots=True)
class Counts:
    """`stored` = received - rejected - duplicates, once the queue is flushed.

    Of samples, a duplicate is also what is older than its series' last.
    """

    received: int = 0
    rejected: int = 0
    duplicates: int = 0
    last_received: float = 0.0


@dataclass(slots=True)
class Refusals:
    """Whole requests, whose content and so whose service is not known."""

    requests: int = 0
    last_reason: str = ""
    last_time: float = 0.0


@dataclass(slots=True)
class Tally:
    services: dict[tuple[str, str], Counts] = field(default_factory=dict)
    refusals: dict[tuple[str, int], Refusals] = field(default_factory=dict)
    last_rejection: dict[str, str] = field(default_factory=dict)
    requests: int = 0
    repeated_requests: int = 0

    def accept(
        self, signal: str, service: str, received: int, rejected: int = 0, duplicates: int = 0
    ) -> None:
        key = (signal, service)
        if key not in self.services and len(self.services) >= _MAX_SERVICES:
            key = (signal, _REST)
        counts = self.services.setdefault(key, Counts())
        counts.received += received
        counts.rejected += rejected
        counts.duplicates += duplicates
        counts.last_received = time.time()

    def refuse(self, signal: str, status: int, reason: str) -> None:
        refusals = self.refusals.setdefault((signal, status), Refusals())
        refusals.requests += 1
        refusals.last_reason = reason
        refusals.last_time = time.time()

    def as_dict(self) -> dict[str, object]:
        return {
            "requests": self.requests,
            "repeated_requests": self.repeated_requests,
            "services": list(self._services()),
            "refused": [
                {"signal": signal, "status": status, **asdict(refusals)}
                for (signal, status), refusals in sorted(self.refusals.items())
            ],
            "last_rejection": dict(self.last_rejection),
        }

    def _services(self) -> Iterator[dict[str, object]]:
        for (signal, service), counts in sorted(self.services.items()):
            accepted = counts.received - counts.rejected - counts.duplicates
            yield {"service": service, "signal": signal, **asdict(counts), "accepted": accepted}
