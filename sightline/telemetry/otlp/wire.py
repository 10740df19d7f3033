"""The few protobuf shapes OTLP is made of, written as bytes.

The generated classes cost ten times as much for each record, all of it under the GIL
(benchmarks/overhead); tests decode every byte written here with those classes.
"""

from collections.abc import Mapping
from struct import Struct
from typing import Any

_ONE_BYTE = [bytes((n,)) for n in range(128)]
_DOUBLE = Struct("<d").pack
fixed64 = Struct("<Q").pack
fixed32 = Struct("<I").pack

_SEVEN_BITS = 128
_INT64 = range(-(2**63), 2**63)


def varint(number: int) -> bytes:
    if number < _SEVEN_BITS:
        return _ONE_BYTE[number]
    out = bytearray()
    while number >= _SEVEN_BITS:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def field(tag: bytes, payload: bytes) -> bytes:
    """A length-delimited field: tag, length, payload."""
    size = len(payload)
    return tag + (_ONE_BYTE[size] if size < _SEVEN_BITS else varint(size)) + payload


def utf8(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError:
        return text.encode("utf-8", "backslashreplace")


def any_value(value: Any) -> bytes:
    kind = type(value)
    if kind is str:
        return field(b"\x0a", utf8(value))
    if kind is bool:
        return b"\x10\x01" if value else b"\x10\x00"
    if kind is int:
        if value not in _INT64:
            return field(b"\x0a", str(value).encode())
        return b"\x18" + varint(value if value >= 0 else value + 2**64)
    if kind is float:
        return b"\x21" + _DOUBLE(value)
    return _compound(value)


def _compound(value: Any) -> bytes:
    if value is None:
        return b""
    if isinstance(value, Mapping):
        return field(
            b"\x32",
            b"".join([field(b"\x0a", key_value(str(k), v)) for k, v in value.items()]),
        )
    if isinstance(value, list | tuple):
        return field(b"\x2a", b"".join([field(b"\x0a", any_value(v)) for v in value]))
    if isinstance(value, bytes):
        return field(b"\x3a", value)
    if isinstance(value, str | int | float):  # enums and other subclasses
        base = next(kind for kind in (str, int, float) if isinstance(value, kind))
        return any_value(base(value))
    return field(b"\x0a", utf8(str(value)))


_keys: dict[str, bytes] = {}
_KEYS_LIMIT = 4_096


def key_value(key: str, value: Any) -> bytes:
    head = _keys.get(key)
    if head is None:
        head = field(b"\x0a", utf8(key))
        if len(_keys) < _KEYS_LIMIT:
            _keys[key] = head
    encoded = any_value(value)
    size = len(encoded)
    return head + b"\x12" + (_ONE_BYTE[size] if size < _SEVEN_BITS else varint(size)) + encoded


def attributes(tag: bytes, values: Mapping[str, Any]) -> bytes:
    return b"".join([field(tag, key_value(key, value)) for key, value in values.items()])
