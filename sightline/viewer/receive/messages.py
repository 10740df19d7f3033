"""OTLP requests from their bytes: protobuf as it is, JSON by way of protobuf's own mapping."""

import base64
from collections.abc import Iterator
from typing import Any, TypeVar

import orjson
from google.protobuf import json_format
from google.protobuf.message import DecodeError, Message

from sightline.viewer.receive.problems import Malformed

M = TypeVar("M", bound=Message)

# OTLP writes these as hex in JSON, where protobuf's mapping has base64.
_IDS = {
    name: size
    for names, size in (
        (("traceId", "trace_id"), 16),
        (("spanId", "span_id", "parentSpanId", "parent_span_id"), 8),
    )
    for name in names
}


def from_protobuf(kind: type[M], raw: bytes) -> M:
    try:
        return kind.FromString(raw)
    except DecodeError as error:
        raise Malformed(
            f"the body is not a complete {kind.DESCRIPTOR.name} in protobuf: {error}"
        ) from error


def from_json(kind: type[M], raw: bytes) -> M:
    try:
        found = orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"the body is not JSON: {error}") from error
    if not isinstance(found, dict):
        raise Malformed(f"the body is JSON, but no {kind.DESCRIPTOR.name}: it is no object")
    for holder, key in _ids(found):
        holder[key] = _base64(key, holder[key])
    try:
        return json_format.ParseDict(
            found, kind(), ignore_unknown_fields=True, max_recursion_depth=64
        )
    except (json_format.ParseError, ValueError, TypeError, AttributeError) as error:
        raise Malformed(f"the body is no {kind.DESCRIPTOR.name}: {error}") from error


def _ids(found: Any) -> Iterator[tuple[dict[str, Any], str]]:
    """Where ids stand. Attributes are lists of key and value, so their keys are never mistaken."""
    waiting = [found]
    while waiting:
        item = waiting.pop()
        if isinstance(item, dict):
            yield from [(item, key) for key in item if key in _IDS]
            waiting.extend(value for value in item.values() if isinstance(value, dict | list))
        elif isinstance(item, list):
            waiting.extend(value for value in item if isinstance(value, dict | list))


def _base64(key: str, value: object) -> str:
    try:
        raw = bytes.fromhex(value) if isinstance(value, str) else None
    except ValueError:
        raw = None
    if raw is None or len(raw) not in {0, _IDS[key]}:
        raise Malformed(f"{key} {value!r} is not {2 * _IDS[key]} hex characters")
    return base64.b64encode(raw).decode()
