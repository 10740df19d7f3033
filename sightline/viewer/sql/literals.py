"""Values as LogQL and TraceQL write them: strings, durations, sizes."""

import math
import re
import sys

_ESCAPES = {"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"}
_SURROGATES = range(0xD800, 0xE000)
_ESCAPED = re.compile(
    r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL
)
NANOSECONDS = {
    "ns": 1,
    "us": 1_000,
    "µs": 1_000,
    "ms": 1_000_000,
    "s": 1_000_000_000,
    "m": 60_000_000_000,
    "h": 3_600_000_000_000,
    "d": 86_400_000_000_000,
    "w": 604_800_000_000_000,
    "y": 31_536_000_000_000_000,
}
_DURATION_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(ns|us|µs|ms|s|m|h|d|w|y)")
_SIZE = re.compile(r"([0-9.]+)([kmgtp]?)(i?)b?", re.IGNORECASE)


class LiteralError(ValueError):
    """The message names what is wrong in a value."""


def unquoted(token: str) -> str:
    """A string of Go: quotes with escapes, or backticks with none."""
    if token.startswith("`"):
        return token[1:-1]
    return _ESCAPED.sub(_unescaped, token[1:-1])


def _unescaped(match: re.Match[str]) -> str:
    *hexadecimal, octal, letter = match.groups()
    code = next((int(digits, 16) for digits in hexadecimal if digits), None)
    if octal:
        code = int(octal, 8)
    if code is not None:
        return _character(code, match[0])
    if letter in _ESCAPES:
        return _ESCAPES[letter]
    if letter in '\\"':
        return letter
    raise LiteralError(f"unknown escape {match[0]} in a string")


def _character(code: int, escape: str) -> str:
    if code > sys.maxunicode or code in _SURROGATES:
        raise LiteralError(f"invalid character {escape} in a string")
    return chr(code)


def duration_ns(token: str) -> int:
    parts = _DURATION_PART.findall(token)
    return round(sum(float(number) * NANOSECONDS[unit] for number, unit in parts))


def size_bytes(token: str) -> float:
    match = _SIZE.fullmatch(token)
    if match is None:
        raise LiteralError(f"{token!r} is no size")
    number, prefix, binary = match.groups()
    base = 1024.0 if binary else 1000.0
    return float(number) * math.pow(base, " kmgtp".index(prefix.lower() or " "))
