"""The last line of defence: secrets that a sender did not keep back are not stored."""

import os
import re
import string
from collections.abc import Callable, Iterable, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import unquote

import re2  # type: ignore[import-untyped] # it brings no types

from sightline.viewer.receive.secret_text import CARD_TEXT, KEPT, SECRET_TEXT

MASK = "****"
MAX_TEXT = 32 * 1024  # a long stack trace fits
# Looked at beyond what is kept, so that a secret across the end is seen whole.
_OVERLAP = 1024

# A whole value goes by the words of its key: one, or two or three side by side.
_SECRET_WORDS = re.compile(
    r"""(?x) authorization | proxyauthorization | (?:set)?cookies?
    | [a-z]*(?:password|passwd|passphrase) | passcode | pwd | [a-z]*secret | secrets
    | (?:access|refresh|auth|bearer|csrf|session|api|id)?token | [a-z]*apikey
    | (?:access|secret|private|signing|encryption)key | credentials?
    | (?:credit)?card(?:number|num|no|pan) | creditcard | ccnumber | pan
    | cvv2? | cvc2? | cv2? | (?:card|security)code | ssn | iban | sessionid | csrf | xsrf | jwt
    | otp | pin"""
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_HARMLESS_ENDS = {"count", "length", "type", "limit", "ms"}
# OpenTelemetry's own name for one visit of a page; it opens nothing.
_HARMLESS_KEYS = {"session.id", "session.previous_id"}
_MAX_KEY = 256
# What `pass%77ord=` hides: escaped letters, digits and their joints, but no separators.
_ESCAPED = re.compile(r"%(?:3\d|[46][1-9A-Fa-f]|[57][\dAa]|2[Dd]|5[Ff])")
_HEX = re.compile(r"[0-9a-fA-F]+")
_LETTERS = string.ascii_letters + string.digits
_ID_LENGTHS = {16, 32, 40, 64}
_ISSUERS = re.compile(
    r"""(?x) 4\d{12}(?:\d{3}){0,2} | (?:5[1-5]|2[2-7])\d{14} | 3[47]\d{13}
    | (?:6011|64[4-9]\d|65\d\d)\d{12} | 3(?:0[0-5]|[689]\d)\d{11} | 35\d{14} | 62\d{14,17}
    | (?:50|5[6-9]|6\d)\d{10,17}"""
)
SMALLEST_CARD = 10**12
_LARGEST_CARD = 10**19

# What must stand in a request's bytes for anything to be found in its texts, or for an escape in
# JSON or in an address to hide that. RE2 reads a gigabyte a second, and so makes the search for
# secrets all but free. The short words count only where they end.
_options = re2.Options()
_options.encoding = re2.Options.Encoding.LATIN1
_HINT = re2.compile(
    rb"(?i)bearer|basic|eyj|passw|passphrase|passcode|pwd|secret|token|credential|authorization"
    rb"|cookie|(?:api|access|private)[_-]?key|card[ ._-]?n|cvv|cvc|signature|session[_-]?id"
    rb"|(?:sig|pan|pin|otp|ssn|iban|jwt|csrf|xsrf)[\\\"' \t-\r=:]|\[parameters:"
    rb"|%[0-7][0-9a-f]|\\u00|:\\/"
    rb"|[2-6][0-9]{12}|[0-9]{4}[ .-][0-9]{4,6}[ .-][0-9]|://[^/@\s]+@",
    _options,
)

_MAX_KEYS = 20_000


class Redactor:
    """Masks by key and by look. Keys once found harmless are remembered."""

    def __init__(self, keys: Iterable[str] | None = None) -> None:
        """Of further `keys`, the services' SIGHTLINE_REDACT_KEYS unless given."""
        if keys is None:
            keys = os.environ.get("SIGHTLINE_REDACT_KEYS", "").split(",")
        self._extra = frozenset(_joined(key) for key in keys if _joined(key))
        self.harmless: set[str] = set()
        self.masked = 0

    def attributes(self, found: dict[str, Any], *, texts: bool) -> dict[str, Any]:
        """Of a mapping of attributes; `texts` only where `may_hold_secrets` said so."""
        if not self.harmless.issuperset(found):
            found = self._by_key(found)
        return self._by_look(found) if texts else found

    def text(self, text: str) -> str:
        """No longer than `MAX_TEXT` and a note; no more than that is ever looked through."""
        if len(text) <= MAX_TEXT:
            return self._look(text)
        cleaned = self._look(text[: MAX_TEXT + _OVERLAP])
        return _noted(cleaned[: min(MAX_TEXT, len(cleaned) - _OVERLAP)], len(text))

    def _look(self, text: str) -> str:
        cleaned = _cleaned(text)
        if "%" in cleaned:
            for decode in _DECODERS:
                plain = decode(cleaned)
                found = _cleaned(plain) if plain != cleaned else plain
                cleaned = found if found != plain else cleaned
        self.masked += cleaned != text
        return cleaned

    def value(self, value: Any) -> Any:
        match value:
            case str():
                return self.text(value)
            case list():
                return [self.value(item) for item in value]
            case dict():
                return self.attributes(value, texts=True)
        return value

    def number(self, value: float) -> float | str:
        """A card number sent as a number."""
        if (
            SMALLEST_CARD <= value < _LARGEST_CARD
            and value == int(value)
            and _is_card(str(int(value)))
        ):
            self.masked += 1
            return MASK
        return value

    def _by_key(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {
            key[:_MAX_KEY]: MASK if self._is_secret(key[:_MAX_KEY]) and value is not None else value
            for key, value in found.items()
        }

    def _is_secret(self, key: str) -> bool:
        if key in self.harmless:
            return False
        if self._judge(key):
            self.masked += 1
            return True
        if len(self.harmless) >= _MAX_KEYS:
            self.harmless.clear()
        self.harmless.add(key)
        return False

    def _judge(self, key: str) -> bool:
        if key in _HARMLESS_KEYS:
            return False
        words = [word.lower() for word in _WORD.findall(unquote(key))]
        spans = words + [a + b for a, b in pairwise(words)]
        spans += [a + b + c for a, b, c in zip(words, words[1:], words[2:], strict=False)]
        if any(_SECRET_WORDS.fullmatch(span) or span in self._extra for span in spans):
            return words[-1] not in _HARMLESS_ENDS
        return "".join(words) in self._extra

    def _by_look(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self.value(value) for key, value in found.items()}


def may_hold_secrets(raw: bytes) -> bool:
    """Whether a request's bytes are worth looking through text by text; never a false no."""
    return _HINT.search(raw) is not None


def cut(text: str) -> str:
    return text if len(text) <= MAX_TEXT else _noted(text[:MAX_TEXT], len(text))


def _noted(kept: str, length: int) -> str:
    return f"{kept}… ({length - MAX_TEXT} more characters not kept)"


def _joined(key: str) -> str:
    return "".join(_WORD.findall(key)).lower()


def _cleaned(text: str) -> str:
    return CARD_TEXT.sub(_masked_card, SECRET_TEXT.sub(_masked, text))


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[0][1:], 16)), text)


_DECODERS: tuple[Callable[[str], str], ...] = (_unescaped, unquote)


def _masked(found: re.Match[str]) -> str:
    return next(filter(None, found.group(*KEPT)), "") + MASK


def _masked_card(found: re.Match[str]) -> str:
    digits = "".join(filter(str.isdigit, found[0]))
    return MASK if _is_card(digits) and not _within_id(found) else found[0]


def _within_id(found: re.Match[str]) -> bool:
    """Whether the digits are a piece of a trace id or a digest: hex, of such a length."""
    text, start, end = found.string, found.start(), found.end()
    before = text[max(0, start - 65) : start]
    lead = len(before) - len(before.rstrip(_LETTERS))
    after = text[end : end + 65]
    trail = len(after) - len(after.lstrip(_LETTERS))
    run = text[start - lead : end + trail]
    return bool(lead or trail) and len(run) in _ID_LENGTHS and _HEX.fullmatch(run) is not None


def _is_card(digits: str) -> bool:
    return _ISSUERS.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = sum(int(digit) for digit in digits[-1::-2])
    total += sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return total % 10 == 0
