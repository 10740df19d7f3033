"""Query parameters as Tempo reads them; wrong ones are named."""

import re
import time
from collections.abc import Mapping

from sightline.viewer.sql.literals import duration_ns

Given = Mapping[str, str]
SECOND = 1_000_000_000
_RECENT_NS = 3_600 * SECOND  # what a search without times looks through
_HEX = re.compile(r"[0-9a-fA-F]")
_DURATION = re.compile(r"([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+")
_ID_DIGITS, _NANOS_DIGITS, _SECONDS_DIGITS, _COUNT_DIGITS = 32, 19, 10, 9


class BadParameter(Exception):  # noqa: N818 — reads as what happened
    """The message names the parameter, the value and what would be right."""


def normal_trace_id(given: str) -> str:
    """32 lower-case hex digits; a shorter id is padded, as Tempo does."""
    wrong = next((i for i, c in enumerate(given) if not _HEX.fullmatch(c)), None)
    if wrong is not None:
        raise BadParameter(
            "trace IDs can only contain hex characters: "
            f"invalid character {given[wrong]!r} at position {wrong + 1}"
        )
    if len(given) > _ID_DIGITS:
        raise BadParameter("trace IDs can't be larger than 128 bits")
    return given.lower().rjust(_ID_DIGITS, "0")


def hinted_times(given: Given) -> tuple[int | None, int | None]:
    """Tempo's `start` and `end` in seconds, or the viewer's own `ts` of any unit."""
    if given.get("ts"):
        moment = _moment("ts", given["ts"])
        return moment, moment
    if not given.get("start") or not given.get("end"):
        return None, None
    return window(given)


def window(given: Given) -> tuple[int, int]:
    """Nanoseconds; without times the last hour."""
    end = _moment("end", given["end"]) if given.get("end") else time.time_ns()
    start = _moment("start", given["start"]) if given.get("start") else end - _RECENT_NS
    if end <= start:
        raise BadParameter(
            "http parameter start must be before end. "
            f"received start={given.get('start', '')} end={given.get('end', '')}"
        )
    return start, end


def positive(given: Given, name: str, default: int) -> int:
    value = given.get(name, "")
    if not value:
        return default
    if not (value.isascii() and value.isdigit() and len(value) <= _COUNT_DIGITS and int(value)):
        raise BadParameter(f"invalid {name}: {value[:60]!r} must be a positive number")
    return int(value)


def duration(given: Given, name: str) -> int:
    """Nanoseconds, 0 where it is not given."""
    value = given.get(name, "")
    if value and not _DURATION.fullmatch(value):
        raise BadParameter(f"invalid {name}: {value[:60]!r} is no duration such as 100ms")
    return duration_ns(value)


def _moment(name: str, value: str) -> int:
    """Whole seconds are what Tempo takes; milliseconds to nanoseconds are told by their length."""
    if not value.isascii() or not value.isdigit() or len(value) > _NANOS_DIGITS:
        raise BadParameter(f"invalid {name}: {value[:60]!r} is no time in whole seconds")
    number = int(value)
    while len(value) > _SECONDS_DIGITS and number < 10 ** (_NANOS_DIGITS - 1):
        number *= 1_000
    return number if len(value) > _SECONDS_DIGITS else number * SECOND
