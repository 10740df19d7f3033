"""Parameters as Prometheus' HTTP API takes them, from the address or a posted form."""

import math
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

import promql_parser as ast
from starlette.requests import Request

from sightline.viewer.promql.durations import duration_ms
from sightline.viewer.promql.errors import BadQueryError
from sightline.viewer.promql.samples import Matcher
from sightline.viewer.promql.selectors import matchers_of
from sightline.viewer.promql.syntax import parse

MAX_FORM_BYTES = 1 << 20
# What Prometheus takes for "from the beginning" and "to the end", in milliseconds.
EARLIEST, LATEST = -(2**53), 2**53


@dataclass(frozen=True, slots=True)
class Params:
    pairs: tuple[tuple[str, str], ...]

    @classmethod
    async def of(cls, request: Request) -> "Params":
        pairs = list(request.query_params.multi_items())
        if request.method == "POST":
            pairs = [*await _form(request), *pairs]
        return cls(tuple(pairs))

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.pairs if key == name]

    def text(self, name: str) -> str:
        return next(iter(self.all(name)), "")

    def time(self, name: str, default: int | None = None) -> int:
        return _time(name, self.text(name), default)

    def duration(self, name: str, default: int | None = None) -> int:
        text = self.text(name)
        return default if not text and default is not None else _duration(name, text)

    def limit(self, name: str = "limit") -> int | None:
        """None for no limit, which 0 says too."""
        text = self.text(name)
        if not text:
            return None
        if not text.isdecimal():
            raise BadQueryError(f'invalid parameter "{name}": {text!r} is no whole number from 0')
        return int(text) or None

    def selectors(self) -> list[list[Matcher]]:
        """The matchers of each match[]."""
        return [_selector(text) for text in self.all("match[]")]


async def _form(request: Request) -> list[tuple[str, str]]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM_BYTES:
            raise BadQueryError(
                f"the form is larger than {MAX_FORM_BYTES} bytes; shorten the query"
            )
    try:
        return parse_qsl(body.decode(), keep_blank_values=True)
    except ValueError as error:
        raise BadQueryError(f"the posted form cannot be read: {error}") from None


def _time(name: str, text: str, default: int | None) -> int:
    if not text and default is not None:
        return default
    try:
        seconds = float(text)
    except ValueError:
        return _calendar_time(name, text)
    if not math.isfinite(seconds) or abs(seconds) > LATEST / 1000:
        raise _unreadable(name, text, "timestamp")
    return round(seconds * 1000)


def _calendar_time(name: str, text: str) -> int:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _unreadable(name, text, "timestamp") from None
    if moment.tzinfo is None:
        raise _unreadable(name, text, "timestamp")
    return round(moment.timestamp() * 1000)


def _duration(name: str, text: str) -> int:
    try:
        seconds = float(text)
    except ValueError:
        found = duration_ms(text)
        if found is None:
            raise _unreadable(name, text, "duration") from None
        return found
    if not math.isfinite(seconds) or abs(seconds) > LATEST / 1000:
        raise _unreadable(name, text, "duration")
    return round(seconds * 1000)


def _unreadable(name: str, text: str, what: str) -> BadQueryError:
    return BadQueryError(f'invalid parameter "{name}": cannot parse "{text}" to a valid {what}')


def _selector(text: str) -> list[Matcher]:
    expr = parse(text)
    if not isinstance(expr, ast.VectorSelector) or expr.offset is not None or expr.at is not None:
        raise BadQueryError(f'invalid parameter "match[]": {text!r} is no series selector')
    return matchers_of(expr)
