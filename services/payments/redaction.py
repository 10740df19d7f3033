"""Takes secrets out of fields and texts, by key and by value; payments knows no sightline."""

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import unquote_plus

REDACTED = "[REDACTED]"
TEXT_LIMIT = 16_384

_SECRET_WORD = re.compile(
    r"authorization|cookies?|password|passwd|passphrase|pwd|secrets?|token|apikey|accesskey"
    r"|privatekey|credentials?|cardnumber|cardno|creditcard|pan|cvv2?|cvc2?|sessionid|jwt|otp|pin"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
# What stands around the key is bounded, so that no text can make the search slow.
_PAIR = re.compile(
    r"(?P<key>(?:authorization|cookie|passw(?:or)?d|passphrase|pwd|secret|token|credential"
    r"|(?:api|access|private)[_-]?key|card[_-]?(?:number|no)|cvv2?|cvc2?|session[_-]?id|jwt"
    r"|(?<![^\W_])(?:pan|pin|otp)(?=\W))\w{0,20}\\?[\"']?\s{0,4}(?:=>|[=:])\s{0,4})"
    r"(?:\[REDACTED\][^\s\"'&,;)}\]]*|\\?\"[^\"]*\"?|\\?'[^']*'?|(?:(?:bearer|basic|digest)\s+)?[^\s\"'&,;)}\]]+)",
    re.IGNORECASE,
)
_BEARER = re.compile(r"\b(bearer)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
# A capital, a figure or a sign tells credentials from the prose of "basic plan".
_BASIC = re.compile(r"\b((?i:basic))\s+(?=[a-z]*[A-Z0-9+/=])[A-Za-z0-9+/]{4,}=*")
_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")
_USERINFO = re.compile(r"(?<=://)[^\s/@:\"']{0,256}:[^\s/@\"']{1,256}(?=@)")
# Ids in hex come first and stay, whatever digits they hold; a card may be glued to letters.
_CARD = re.compile(
    r"(?P<id>(?<![0-9A-Za-z])(?=[0-9-]*[A-Fa-f])(?:[0-9A-Fa-f]{16}|[0-9A-Fa-f]{24}"
    r"|[0-9A-Fa-f]{32}|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})(?![0-9A-Za-z]))"
    r"|(?<!\d)[2-6](?:[ .-]?\d){12,18}(?!\d)"
)
# A card among other numbers: `42 4111 1111 1111 1111 12/27`.
_CARD_AMONG = re.compile(
    r"(?<!\d)[2-6](?:\d{12,18}|\d{3}(?:[ .-]\d{4}){3}|\d{3}[ .-]\d{6}[ .-]\d{5})(?!\d)"
)
_URL_PART = re.compile(r"[^\s?&#\"'<>]+")
_DECODINGS = 3
_DEPTH_LIMIT = 8


def secret_key(key: str) -> bool:
    words = [word.lower() for word in _WORD.findall(key[:200])]
    joined = words + [first + second for first, second in pairwise(words)]
    return any(_SECRET_WORD.fullmatch(word) for word in joined)


def text(value: str) -> str:
    if len(value) > TEXT_LIMIT:
        value = value[:TEXT_LIMIT] + "…"
    return _plain(_URL_PART.sub(_hide_encoded, value))


def fields(given: Mapping[str, Any]) -> dict[str, Any]:
    return {key: field(key, value) for key, value in given.items()}


def field(key: str, value: Any, depth: int = 0) -> Any:
    if value is None or isinstance(value, bool | float):
        return value
    if secret_key(key):
        return REDACTED
    if isinstance(value, int):
        return REDACTED if _is_card(str(value)) else value
    return _other(key, value, depth)


def _other(key: str, value: Any, depth: int) -> Any:
    if depth > _DEPTH_LIMIT:
        return "…"
    if isinstance(value, Mapping):
        return {text(str(k)): field(str(k), v, depth + 1) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [field(key, item, depth + 1) for item in value]
    if isinstance(value, bytes):
        return text(value[:TEXT_LIMIT].decode("utf-8", "backslashreplace"))
    return text(str(value))


def _plain(value: str) -> str:
    value = _PAIR.sub(rf"\g<key>{REDACTED}", value)
    value = _BEARER.sub(rf"\1 {REDACTED}", value)
    value = _BASIC.sub(rf"\1 {REDACTED}", value)
    value = _JWT.sub(REDACTED, value)
    value = _USERINFO.sub(REDACTED, value)
    return _CARD.sub(_hide_card, value)


def _hide_encoded(match: re.Match[str]) -> str:
    """The part as it was sent, unless what it stands for holds a secret."""
    plain = match[0]
    if "%" not in plain and "+" not in plain:
        return plain
    for _ in range(_DECODINGS):
        plain = unquote_plus(plain)
    if _plain(plain) == plain:
        return match[0]
    key, sign, _ = match[0].partition("=")
    shown = sign and "%" not in key and _plain(key) == key
    return f"{key}={REDACTED}" if shown else REDACTED


def _hide_card(match: re.Match[str]) -> str:
    if match["id"]:
        return match[0]
    hidden = _hide_digits(match)
    return hidden if hidden == REDACTED else _CARD_AMONG.sub(_hide_digits, hidden)


def _hide_digits(match: re.Match[str]) -> str:
    return REDACTED if _is_card(re.sub(r"[ .-]", "", match[0])) else match[0]


def _is_card(digits: str) -> bool:
    """Luhn's check on a number of a card's length and first digit."""
    if re.fullmatch(r"(?:2[2-7]|[3-6]\d)[0-9]{11,17}", digits, re.ASCII) is None:
        return False
    odd = sum(int(digit) for digit in digits[-1::-2])
    even = sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])
    return (odd + even) % 10 == 0
