"""What a run of load sent and got back, by its own account."""

import json
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NO_ANSWER = 0


class RunError(Exception):
    """A report that cannot be used, in one line with the remedy."""


@dataclass(frozen=True)
class Key:
    """A kind of request and of its answer: `status` is grouped, as the counter has it."""

    method: str
    route: str
    status: str

    @property
    def request(self) -> str:
        return f"{self.method} {self.route}"


@dataclass(frozen=True)
class Run:
    id: str
    started: float
    ended: float
    answers: Counter[tuple[str, str, int]]  # method, route, status

    @property
    def sent(self) -> int:
        return self.answers.total()

    @property
    def answered(self) -> int:
        return sum(n for (_, _, status), n in self.answers.items() if status != NO_ANSWER)

    @property
    def unanswered(self) -> int:
        return self.sent - self.answered

    @property
    def seconds(self) -> float:
        return max(self.ended - self.started, 0.001)

    def by_key(self) -> Counter[Key]:
        """The answers of orders."""
        found: Counter[Key] = Counter()
        for (method, route, status), count in self.answers.items():
            if status != NO_ANSWER:
                found[Key(method, route, grouped(status))] += count
        return found

    def purchases(self, status: int) -> int:
        return sum(
            n for (method, _, s), n in self.answers.items() if method == "POST" and s == status
        )

    @property
    def request_ids(self) -> str:
        """A pattern for LogQL."""
        return f"load-{self.id}-[0-9]+"

    @property
    def user_agent(self) -> str:
        return f"sightline-load/{self.id}"


def grouped(status: int | str) -> str:
    return f"{str(status)[:1]}xx"


def read_report(path: Path) -> Run:
    try:
        found: dict[str, Any] = json.loads(path.read_text())
        answers: Counter[tuple[str, str, int]] = Counter()
        for one in found["answers"]:
            answers[one["method"], one["route"], int(one["status"])] += int(one["count"])
        return Run(found["run"], float(found["started"]), float(found["ended"]), answers)
    except OSError as error:
        raise RunError(f"cannot read the report {path}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise RunError(
            f"{path} is no report of load: {type(error).__name__} {error}. "
            "`python -m load --report FILE` writes one."
        ) from error
