"""Query parameters as Loki reads them, with its defaults; wrong ones are named."""

import re
import time
from collections.abc import Iterable
from datetime import datetime
from typing import get_args

from sightline.viewer.logql.streams import Direction, Window
from sightline.viewer.sql.literals import duration_ns

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
DEFAULT_LIMIT, MOST_LINES = 100, 5_000
MOST_STEPS = 11_000
_LONGEST_SECONDS_TEXT = 10  # Loki: a longer whole number is nanoseconds
_INT64 = 2**63
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h|d|w|y))+")
_WHOLE = re.compile(r"[-+]?[0-9]{1,19}")
_DECIMAL = re.compile(r"[-+]?[0-9]{0,15}\.[0-9]{0,12}")


class BadParameter(Exception):  # noqa: N818 — reads as what happened
    """The message names the parameter, the value and what would be right."""


class Parameters:
    def __init__(self, given: Iterable[tuple[str, str]]) -> None:
        self._given = list(given)
        self._now = time.time_ns()

    def text(self, name: str) -> str:
        return next(iter(self.texts(name)), "")

    def texts(self, *names: str) -> list[str]:
        return [value for key, value in self._given if key in names]

    def window(self) -> Window:
        end = self.moment("end", self._now)
        since = self.duration("since", HOUR)
        start = self.moment("start", min(end, self._now) - since)
        if end < start:
            raise BadParameter(f"end timestamp must not be before start time: {end} < {start}")
        return Window(start, end)

    def moment(self, name: str, default: int | None = None) -> int:
        value = self.text(name)
        if not value:
            return self._now if default is None else default
        found = _moment(value)
        if found is None or not 0 <= found < _INT64:
            raise BadParameter(
                f"could not parse {name!r} parameter: {value[:60]!r} is no time; "
                "give nanoseconds, seconds or RFC 3339"
            )
        return found

    def duration(self, name: str, default: int) -> int:
        value = self.text(name)
        if not value:
            return default
        if _DURATION.fullmatch(value):
            found = duration_ns(value)
        elif _WHOLE.fullmatch(value) or _DECIMAL.fullmatch(value):
            found = round(float(value) * SECOND)
        else:
            found = -1
        if not 0 <= found < _INT64:
            raise BadParameter(
                f"could not parse {name!r} parameter: "
                f"cannot parse {value[:60]!r} to a valid duration"
            )
        return found

    def step(self, window: Window) -> int:
        default = max((window.end - window.start) // SECOND // 250, 1) * SECOND
        step = self.duration("step", default)
        if step <= 0:
            raise BadParameter(
                "zero or negative query resolution step widths are not accepted. "
                "Try a positive integer"
            )
        if (window.end - window.start) // step > MOST_STEPS:
            raise BadParameter(
                "exceeded maximum resolution of 11,000 points per time series. "
                "Try increasing the value of the step parameter"
            )
        return step

    def limit(self, default: int = DEFAULT_LIMIT, name: str = "limit") -> int:
        value = self.text(name)
        if not value:
            return default
        if not _WHOLE.fullmatch(value):
            raise BadParameter(f"{name} must be a whole number, not {value[:60]!r}")
        if int(value) <= 0:
            raise BadParameter(f"{name} must be a positive value, not {value}")
        return int(value)

    def lines(self) -> int:
        limit = self.limit()
        if limit > MOST_LINES:
            raise BadParameter(
                f"max entries limit per query exceeded, limit > max_entries_limit_per_query "
                f"({limit} > {MOST_LINES})"
            )
        return limit

    def direction(self) -> Direction:
        value = self.text("direction").lower() or "backward"
        if value not in get_args(Direction):
            raise BadParameter(f"invalid direction {value[:60]!r}; give forward or backward")
        return "forward" if value == "forward" else "backward"


def _moment(value: str) -> int | None:
    if _DECIMAL.fullmatch(value) and value.strip("+-."):
        whole, _, part = value.partition(".")
        return int(whole or "0") * SECOND + int(part[:9].ljust(9, "0"))
    if _WHOLE.fullmatch(value):
        return int(value) * (SECOND if len(value) <= _LONGEST_SECONDS_TEXT else 1)
    try:
        found = datetime.fromisoformat(value)
    except ValueError:
        return None
    if found.tzinfo is None:
        return None
    fraction = re.search(r"\.([0-9]{1,9})", value)
    seconds = int(found.replace(microsecond=0).timestamp())
    return seconds * SECOND + (int(fraction[1].ljust(9, "0")) if fraction else 0)
