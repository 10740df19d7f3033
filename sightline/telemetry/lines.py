"""One log event as one line: JSON for machines, or a console line for people."""

import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import orjson

from sightline.telemetry.events import LogEvent

LEVEL_NAMES = {10: "debug", 20: "info", 30: "warning", 40: "error", 50: "critical"}
_OURS = "timestamp level logger event service request_id trace_id span_id exception"
RESERVED = frozenset(_OURS.split())
# Control characters beyond those JSON must escape, and the line ends of Unicode.
_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029]")
_UNSAFE_CONSOLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069]")
_COLOURS = {"debug": "36", "info": "32", "warning": "33", "error": "31", "critical": "35"}

Render = Callable[[LogEvent], bytes]


class Clock:
    """ISO 8601 in UTC; the second's part is made once a second."""

    def __init__(self) -> None:
        self._second = -1
        self._text = ""

    def iso(self, nanoseconds: int) -> str:
        second, rest = divmod(nanoseconds, 1_000_000_000)
        if second != self._second:
            self._text = datetime.fromtimestamp(second, UTC).strftime("%Y-%m-%dT%H:%M:%S")
            self._second = second
        return f"{self._text}.{rest // 1000:06d}Z"


def level_name(level: int) -> str:
    return LEVEL_NAMES.get(level) or LEVEL_NAMES[max(10, min(50, level // 10 * 10))]


def as_mapping(event: LogEvent, service: str, timestamp: str) -> dict[str, Any]:
    span = event.span
    line: dict[str, Any] = {
        "timestamp": timestamp,
        "level": level_name(event.level),
        "logger": event.logger,
        "event": event.name,
        "service": service,
        "request_id": event.request_id,
        "trace_id": f"{span.trace_id:032x}" if span is not None else None,
        "span_id": f"{span.span_id:016x}" if span is not None else None,
    }
    for key, value in event.fields.items():
        # A field named like one of ours steps aside; ours are the ones the stores search by.
        line[key + "_" if key in RESERVED else key] = value
    if event.error is not None:
        line["exception"] = event.error.stack
    return line


def json_lines(service: str) -> Render:
    iso = Clock().iso

    def render(event: LogEvent) -> bytes:
        line = as_mapping(event, service, iso(event.timestamp))
        try:
            out = orjson.dumps(line, default=str, option=orjson.OPT_APPEND_NEWLINE)
        except TypeError:  # lone surrogates, integers beyond 64 bits
            out = json.dumps(line, default=str).encode() + b"\n"
        if out.isascii() and b"\x7f" not in out:
            return out
        return _UNSAFE.sub(lambda m: f"\\u{ord(m[0]):04x}", out.decode()).encode()

    return render


def console_lines(*, colour: bool) -> Render:
    iso = Clock().iso

    def render(event: LogEvent) -> bytes:
        line = as_mapping(event, "", iso(event.timestamp))
        prefix = f"{line['timestamp']} [{line['request_id'] or '-'}] "
        level = f"{line['level']:<8}"
        if colour:
            level = f"\x1b[{_COLOURS[line['level']]}m{level}\x1b[0m"
        stack = line.pop("exception", None)
        fields = " ".join(
            f"{_plain(k)}={_plain(v)}"
            for k, v in line.items()
            if k not in RESERVED and v is not None
        )
        trace = f" trace_id={line['trace_id']}" if line["trace_id"] else ""
        text = f"{prefix}{level} {_plain(line['event'])} {fields}{trace} [{_plain(line['logger'])}]"
        if stack is not None:
            text += "".join(f"\n{prefix}| {_plain(row)}" for row in stack.splitlines())
        return (text + "\n").encode("utf-8", "backslashreplace")

    return render


def _plain(value: object) -> str:
    return _UNSAFE_CONSOLE.sub(lambda m: m[0].encode("unicode_escape").decode(), str(value))
