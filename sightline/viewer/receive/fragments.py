"""Attributes as pieces of JSON, remembered by the bytes they came in."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import orjson
from opentelemetry.proto.common.v1.common_pb2 import KeyValue

from sightline.viewer.receive.attributes import MAX_ATTRIBUTES, Attributes, dumps
from sightline.viewer.receive.redaction import Redactor, may_hold_secrets

_GENERATION_BYTES = 2 * 1024 * 1024
_ENTRY_BYTES = 256  # what an entry weighs beside its bytes
_LONGEST = 1_024  # what is longer hardly comes again
_LARGE = 8 * 1024  # characters; more may be more than is kept
_MOST_HEADS = 4_096
_LONG_WORD = 16
_SHORT = 0x80  # lengths below take one byte on the wire
_TEXT_TAG, _VALUE_TAG = 0x0A, 0x12
_FRAMES = 6  # bytes of tags and lengths around a short key and before its short text
Piece = tuple[str, str]  # a key, and `"key":value` as JSON


class _Head(NamedTuple):
    """How an attribute begins on the wire and in JSON, when its value is a text of one length."""

    key: str
    piece: str
    size: int


class Fragments:
    """The pieces met lately, in two generations of bounded size. Masked ones are not kept."""

    def __init__(self, redactor: Redactor) -> None:
        self._plain = Attributes(redactor, texts=False)
        self._searched = Attributes(redactor, texts=True)
        self._redactor = redactor
        self._young: dict[bytes, Piece] = {}
        self._old: dict[bytes, Piece] = {}
        self._room = _GENERATION_BYTES
        self._heads: dict[bytes, _Head] = {}

    def read(self, raws: Sequence[bytes], *, texts: bool) -> dict[str, str]:
        """By key; `texts` only where `may_hold_secrets` said so of the whole request.

        Raises protobuf's `DecodeError` for bytes that are no attribute.
        """
        pieces = list(map(self._young.get, raws))
        if None in pieces:
            for index, piece in enumerate(pieces):
                if piece is None:
                    pieces[index] = self._met(raws[index], texts)
        return dict(pieces)  # type: ignore[arg-type] # none of them is None any more

    def _met(self, raw: bytes, texts: bool) -> Piece:  # noqa: FBT001 — called in a hot loop
        searched = texts and may_hold_secrets(raw)
        if not searched and len(raw) > 1 and (head := self._heads.get(raw[: raw[1] + _FRAMES])):
            # An id, read by hand. It hardly comes again: remembered, it would push out what does.
            word = raw[raw[1] + _FRAMES :]
            is_id = word.isdigit() or (len(word) >= _LONG_WORD and word.isalnum())
            if is_id and len(raw) == head.size:
                return head.key, f'{head.piece}{word.decode()}"'
        piece = self._old.get(raw)
        if piece is None:
            masked = self._redactor.masked
            piece = self._read(raw, self._searched if searched else self._plain)
            if self._redactor.masked != masked or len(raw) > _LONGEST:
                return piece
        self._room -= len(raw) + _ENTRY_BYTES
        if self._room < 0:
            self._old, self._young = self._young, {}
            self._room = _GENERATION_BYTES
        self._young[raw] = piece
        return piece

    def _read(self, raw: bytes, attributes: Attributes) -> Piece:
        ((key, value),) = attributes.read((KeyValue.FromString(raw),)).items()
        name = orjson.dumps(key).decode() + ":"
        if isinstance(value, str) and key in self._redactor.harmless:
            self._note_head(raw, key, name, value)
        return key, name + orjson.dumps(value).decode()

    def _note_head(self, raw: bytes, key: str, name: str, value: str) -> None:
        """How texts of that key and length begin, if both lengths take a byte on the wire."""
        encoded, size = key.encode(), len(value.encode())
        if len(encoded) >= _SHORT or size + 2 >= _SHORT:
            return
        head = bytes((_TEXT_TAG, len(encoded))) + encoded
        head += bytes((_VALUE_TAG, size + 2, _TEXT_TAG, size))
        if raw == head + value.encode():
            if len(self._heads) >= _MOST_HEADS:
                self._heads.clear()
            self._heads[head] = _Head(key, name + '"', len(raw))


def joined(found: dict[str, str]) -> str:
    """The JSON object, bounded like any other."""
    text = "{" + ",".join(found.values()) + "}"
    if len(text) > _LARGE or len(found) > MAX_ATTRIBUTES:
        return dumps(orjson.loads(text))
    return text


def value_of(piece: str) -> Any:
    """The value in a piece of JSON."""
    ((_, value),) = orjson.loads("{" + piece + "}").items()
    return value
