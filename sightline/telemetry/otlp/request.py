"""Puts encoded records of one resource into one OTLP export request."""

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from sightline.telemetry.otlp.wire import attributes, field, utf8


class Scope(NamedTuple):
    """Who wrote the records: an instrumentation scope, or a logger."""

    name: str
    version: str = ""
    schema_url: str = ""


def encode_resource(values: Mapping[str, Any]) -> bytes:
    return field(b"\x0a", attributes(b"\x0a", values))


def encode_request(resource: bytes, records: Iterable[tuple[Scope, bytes]]) -> bytes:
    """Resource spans and resource logs have the same shape and the same field numbers."""
    groups: dict[Scope, list[bytes]] = {}
    for scope, record in records:
        groups.setdefault(scope, []).append(record)
    scopes = [field(b"\x12", _scope(scope, group)) for scope, group in groups.items()]
    return field(b"\x0a", resource + b"".join(scopes))


def _scope(scope: Scope, records: list[bytes]) -> bytes:
    about = field(b"\x0a", utf8(scope.name))
    if scope.version:
        about += field(b"\x12", utf8(scope.version))
    url = field(b"\x1a", utf8(scope.schema_url)) if scope.schema_url else b""
    return field(b"\x0a", about) + b"".join(records) + url
