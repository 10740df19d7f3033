"""The last line of defence: secrets that a sender did not keep back are not stored."""

import re
from collections.abc import Mapping
from typing import Any

MASK = "****"

# A whole value goes by its key.
_SECRET_KEY = re.compile(
    r"""(?aix) (?: ^ | [._\-/\s] | (?<=[a-z])(?=[A-Z]) )
    (?: authorization | (?:set[._-]?)?cookies? | passw(?:or)?d | passphrase | pwd | secret
      | (?:client|app|aws)[._-]?secret | secret[._-]?(?:access[._-]?)?key
      | (?:(?:access|refresh|id|auth|bearer|csrf|session|api)[._-]?)?token
      | (?:x[._-])?api[._-]?key | private[._-]?key | credentials?
      | (?:credit[._-]?)?card[._-]?(?:number|num|no|pan) | cvv2? | cvc2? | cv2
    ) $"""
)
# A part of a text goes by its look; the named groups but `jwt` stay.
_SECRET_TEXT = re.compile(
    r"""(?aix)
      (?P<scheme> \b bearer \s+ ) (?! \*{4} ) [\w.~+/=-]{6,}
    | (?P<basic> \b basic \s+ ) (?-i: [A-Za-z0-9+/]+ [A-Z0-9+/=] [A-Za-z0-9+/=]* )
    | (?P<jwt> \b eyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]* )
    | (?P<pair> (?: passw(?:or)?d | passphrase | pwd | secret | (?:access|refresh|id|auth)?[_-]?token
        | api[_-]?key | authorization | cookie ) (?: \\?["'] )? \s* [=:] \s* (?: \\?["'] )? )
      (?! \*{4} | (?:bearer|basic)\b ) [^\s"'&;,<>{}\[\]()\\]+
    | (?P<user> :// [^/@\s:"']{0,128} : ) (?! \*{4} ) [^/@\s"']{1,256} (?= @ )
    """
)
_CARD_TEXT = re.compile(
    r"""(?x) (?<![0-9A-Za-z.]) (?:
      [2-6]\d{12,18}
    | [2-6]\d{3} (?P<gap>[ -]) \d{4} (?P=gap) \d{4} (?P=gap) \d{1,7}
    | 3[47]\d{2} (?P<amex>[ -]) \d{6} (?P=amex) \d{5}
    ) (?![0-9A-Za-z])"""
)
_ISSUERS = re.compile(
    r"""(?x) 4\d{12}(?:\d{3}){0,2} | (?:5[1-5]|2[2-7])\d{14} | 3[47]\d{13}
    | (?:6011|64[4-9]\d|65\d\d)\d{12} | 3(?:0[0-5]|[689]\d)\d{11} | 35\d{14} | 62\d{14,17}
    | (?:50|5[6-9]|6\d)\d{10,17}"""
)
_SMALLEST_CARD = 10**12
_LARGEST_CARD = 10**19

# What must stand in a text, in lower case, for `_SECRET_TEXT` to find anything in it.
_HINTS = tuple(
    hint.encode()
    for hint in (
        *("bearer", "basic", "eyj", "passw", "passphrase", "pwd", "secret"),
        *("token", "apikey", "api_key", "api-key", "authorization", "cookie"),
    )
)
_USER_HINT = re.compile(rb"://[^/@\s:]{0,128}:[^/@\s]{1,256}@")
_SHAPE = bytes(1 if chr(i).isdigit() else 2 if chr(i) in " -" else 0 for i in range(256))
_CARD_SHAPES = (b"\1" * 13, b"\1\1\1\1\2\1\1\1\1\2", b"\1\1\1\1\2\1\1\1\1\1\1\2")

_MAX_KEYS = 20_000


class Redactor:
    """Masks by key and by look. Keys once found harmless are remembered."""

    def __init__(self) -> None:
        self._harmless: set[str] = set()
        self.masked = 0

    def attributes(self, found: dict[str, Any], *, texts: bool) -> dict[str, Any]:
        """Of a mapping of attributes; `texts` only where `may_hold_secrets` said so."""
        if not self._harmless.issuperset(found):
            found = self._by_key(found)
        return self._by_look(found) if texts else found

    def text(self, text: str) -> str:
        cleaned = _SECRET_TEXT.sub(_masked, text)
        cleaned = _CARD_TEXT.sub(_masked_card, cleaned)
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
            _SMALLEST_CARD <= value < _LARGEST_CARD
            and value == int(value)
            and _is_card(str(int(value)))
        ):
            self.masked += 1
            return MASK
        return value

    def _by_key(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {key: MASK if self._is_secret(key) else value for key, value in found.items()}

    def _is_secret(self, key: str) -> bool:
        if key in self._harmless:
            return False
        if _SECRET_KEY.search(key):
            self.masked += 1
            return True
        if len(self._harmless) >= _MAX_KEYS:
            self._harmless.clear()
        self._harmless.add(key)
        return False

    def _by_look(self, found: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self.value(value) for key, value in found.items()}


def may_hold_secrets(raw: bytes) -> bool:
    """Whether a request's bytes are worth looking through text by text; never a false no."""
    lower = raw.lower()
    if any(hint in lower for hint in _HINTS):
        return True
    shape = raw.translate(_SHAPE)
    return any(card in shape for card in _CARD_SHAPES) or _USER_HINT.search(raw) is not None


def _masked(found: re.Match[str]) -> str:
    return (found["scheme"] or found["basic"] or found["pair"] or found["user"] or "") + MASK


def _masked_card(found: re.Match[str]) -> str:
    return MASK if _is_card(found[0].replace(" ", "").replace("-", "")) else found[0]


def _is_card(digits: str) -> bool:
    return _ISSUERS.fullmatch(digits) is not None and _luhn(digits)


def _luhn(digits: str) -> bool:
    total = sum(int(digit) for digit in digits[-1::-2])
    total += sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return total % 10 == 0
