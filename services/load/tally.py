"""Every answer, counted by route and status: what the report and the ledger are made of."""

import secrets
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

NO_ANSWER = 0


@dataclass(frozen=True, order=True)
class Answer:
    method: str
    route: str
    about: str
    status: int
    expected: bool


class Tally:
    """`run` is in each of its requests, so that the stores can tell them from other traffic."""

    def __init__(self) -> None:
        self.run = secrets.token_hex(4)
        self.started = self.ended = time.time()
        self.answers: Counter[Answer] = Counter()
        self._asked = 0

    def begin(self) -> None:
        self.started = time.time()

    def end(self) -> None:
        self.ended = time.time()

    def next_headers(self) -> dict[str, str]:
        """Lines have the request id, spans the user agent and, further on, the baggage."""
        self._asked += 1
        return {
            "X-Request-ID": f"load-{self.run}-{self._asked}",
            "User-Agent": f"sightline-load/{self.run}",
            "baggage": f"load.run={self.run}",
        }

    def add(self, answer: Answer) -> None:
        self.answers[answer] += 1

    @property
    def sent(self) -> int:
        return self.answers.total()

    @property
    def answered(self) -> int:
        return sum(n for answer, n in self.answers.items() if answer.status != NO_ANSWER)

    @property
    def refused(self) -> int:
        """Refusals that were asked for: declined cards, unknown products."""
        refusals = (n for a, n in self.answers.items() if a.expected and a.status >= 400)  # noqa: PLR2004 — HTTP's bound
        return sum(refusals)

    @property
    def unexpected(self) -> int:
        return sum(n for answer, n in self.answers.items() if not answer.expected)

    def by_route(self) -> dict[tuple[str, str], Counter[str]]:
        """Counts of each status class, of each method and route."""
        routes: dict[tuple[str, str], Counter[str]] = {}
        for answer, count in sorted(self.answers.items()):
            key = (answer.method, answer.route)
            routes.setdefault(key, Counter())[status_class(answer.status)] += count
        return routes

    def surprises(self) -> list[tuple[Answer, int]]:
        return sorted((a, n) for a, n in self.answers.items() if not a.expected)

    def document(self) -> dict[str, Any]:
        """For other programs: the same facts, in full."""
        return {
            "run": self.run,
            "started": self.started,
            "ended": self.ended,
            "sent": self.sent,
            "answered": self.answered,
            "unexpected": self.unexpected,
            "answers": [
                {**vars(answer), "count": count} for answer, count in sorted(self.answers.items())
            ],
        }


def status_class(status: int) -> str:
    return "none" if status == NO_ANSWER else f"{status // 100}xx"
