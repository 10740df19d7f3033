"""OTLP values as Python's own, secrets masked, bounded, ready for JSON."""

from collections.abc import Iterable
from typing import Any

import orjson
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from sightline.viewer.receive.redaction import (
    MAX_TEXT,
    SMALLEST_CARD,
    Redactor,
    cut,
    may_hold_secrets,
)

__all__ = ["MAX_ATTRIBUTES", "MAX_TEXT", "Attributes", "dumps"]

MAX_ATTRIBUTES = 128
MAX_DEPTH = 16
_LARGE = 16 * 1024
_NOTE = 64  # the note on a text that was cut already


class Attributes:
    """Reads attributes of one request; `texts` if its bytes may hold secrets."""

    def __init__(self, redactor: Redactor, *, texts: bool) -> None:
        self._redactor = redactor
        self.texts = texts

    def read(self, pairs: Iterable[KeyValue]) -> dict[str, Any]:
        # Most values are texts, then small numbers: found without asking for the kind.
        found = {
            pair.key: (value := pair.value).string_value
            or (n if 0 < (n := value.int_value) < SMALLEST_CARD else self.value(value))
            for pair in pairs
        }
        if not self.texts and self._redactor.harmless.issuperset(found):
            return found
        return self._redactor.attributes(found, texts=self.texts)

    def json(self, pairs: Iterable[KeyValue]) -> str:
        return dumps(self.read(pairs))

    def text(self, text: str) -> str:
        if self.texts and may_hold_secrets(text.encode()):
            return self._redactor.text(text)
        return text if len(text) <= MAX_TEXT else cut(text)

    def cleaned(self, value: AnyValue) -> Any:
        """A value that stands alone, such as a log record's body."""
        found = self.value(value)
        if self.texts:
            return self._redactor.value(found)
        return cut(found) if isinstance(found, str) else found

    def value(self, value: AnyValue, depth: int = 0) -> Any:  # noqa: PLR0911 — one for each kind
        match value.WhichOneof("value"):
            case "int_value":
                return self._redactor.number(value.int_value)
            case "double_value":
                return self._redactor.number(value.double_value)
            case "bool_value":
                return value.bool_value
            case "string_value":
                return value.string_value
            case "bytes_value":
                return value.bytes_value[:MAX_TEXT].hex()
            case "array_value" | "kvlist_value" if depth >= MAX_DEPTH:
                return "nested too deeply"
            case "array_value":
                return [self.value(item, depth + 1) for item in value.array_value.values]
            case "kvlist_value":
                found = {
                    pair.key: self.value(pair.value, depth + 1)
                    for pair in value.kvlist_value.values
                }
                return self._redactor.attributes(found, texts=self.texts)
        return None


def dumps(found: dict[str, Any]) -> str:
    if not found:
        return "{}"
    text = orjson.dumps(found)
    if len(text) > _LARGE or len(found) > MAX_ATTRIBUTES:
        text = orjson.dumps(_bounded(found))
    return text.decode()


def _bounded(found: dict[str, Any]) -> dict[str, Any]:
    kept = dict(list(found.items())[:MAX_ATTRIBUTES])
    if len(found) > MAX_ATTRIBUTES:
        kept["sightline.attributes_dropped"] = len(found) - MAX_ATTRIBUTES
    return {key: _bounded_value(value) for key, value in kept.items()}


def _bounded_value(value: Any) -> Any:
    match value:
        case str():
            return value if len(value) <= MAX_TEXT + _NOTE else cut(value)
        case list() | dict():
            text = orjson.dumps(value)
            return value if len(text) <= MAX_TEXT else cut(text.decode())
    return value
