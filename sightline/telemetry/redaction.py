"""Takes secrets out of log fields, texts and span attributes, by key and by value."""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any

REDACTED = "[REDACTED]"

_HIDDEN_WORDS = (
    "authorization|proxyauthorization|cookies?|setcookie|password|passwd|passphrase|passcode|pwd"
    "|secrets?|token|apikey|accesskey|secretkey|privatekey|signingkey|encryptionkey|credentials?"
    "|cardnumber|cardno|creditcard|ccnumber|pan|cvv2?|cvc2?|cardcode|securitycode|ssn|iban"
    "|sessionid|csrf|xsrf|jwt|otp|pin"
)
# As they stand in free text: `password=…`, `"api_key": "…"`, `?token=…`, `X-Amz-Signature=…`.
_HIDDEN_IN_TEXT = (
    r"authorization|cookie|passw(?:or)?d|passphrase|pwd|secret|token|credential"
    r"|api[_-]?key|access[_-]?key|private[_-]?key|card[_-]?(?:number|no)|cvv2?|cvc2?|signature"
    r"|session[_-]?id|(?<![\w-])(?:sig|pan|pin|otp)(?=\W)"
)
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_HIDDEN_WORD = re.compile(f"(?:{_HIDDEN_WORDS})")
# Cheap first look: a text without any of these cannot hold what the patterns below find.
_SUSPECT = re.compile(
    r"[=:@]|eyJ|\d(?:[ -]?\d){12}|[Bb][Ee][Aa][Rr][Ee][Rr]\s|[Bb][Aa][Ss][Ii][Cc]\s"
)
# What follows the key is bounded, so that no text can make the search slow.
_VALUE = (
    r"(?P<sep>\w{0,20}\\?[\"']?\s{0,4}(?:=>|[=:])\s{0,4})"
    r"(?:\\?\"[^\"]*\"?|\\?'[^']*'?|(?:(?:bearer|basic|digest)\s+)?[^\s\"'&,;)}\]]+)"
)
_BEARER = re.compile(r"\b(bearer)\s+[\w.~+/=-]{6,}", re.IGNORECASE)
_BASIC = re.compile(r"\b([Bb][Aa][Ss][Ii][Cc])\s+(?=[a-z+/]*[A-Z0-9+/=])[A-Za-z0-9+/]{4,}=*")
_JWT = re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*")
_USERINFO = re.compile(r"(?<=://)[^\s/@:\"']*:[^\s/@\"']+(?=@)|(?<=://)[^\s/@:\"']{20,}(?=@)")
_CARD = re.compile(r"(?<![\w.])[2-6](?:[ -]?\d){12,18}(?![\w])")
_SQL_PARAMETERS = re.compile(r"\[parameters: .*?(?:\]\n|\]\Z)", re.DOTALL)
_KEY_CACHE_LIMIT = 4_096
_DEPTH_LIMIT = 8
_CARD_LENGTHS = range(13, 20)


class Redactor:
    """Copies values without their secrets; containers are copied, so later changes do no harm."""

    def __init__(self, keys: Iterable[str] = (), value_limit: int = 16_384) -> None:
        keys = tuple(keys)
        self._extra = frozenset(_joined(key) for key in keys)
        texts = "|".join((_HIDDEN_IN_TEXT, *map(re.escape, keys)))
        self._assignment = re.compile(f"(?P<key>{texts}){_VALUE}", re.IGNORECASE)
        self._known: dict[str, bool] = {}
        self._limit = value_limit

    def secret_key(self, key: str) -> bool:
        known = self._known.get(key)
        if known is None:
            known = self._judge(key)
            if len(self._known) < _KEY_CACHE_LIMIT:
                self._known[key] = known
        return known

    def _judge(self, key: str) -> bool:
        words = [word.lower() for word in _WORD.findall(key[:200])]
        if not words:
            return False
        spans = words + [a + b for a, b in pairwise(words)]
        spans += [a + b + c for a, b, c in zip(words, words[1:], words[2:], strict=False)]
        if any(_HIDDEN_WORD.fullmatch(span) or span in self._extra for span in spans):
            return words[-1] not in {"count", "length", "type", "limit", "ms"}
        return "".join(words) in self._extra

    def text(self, value: str) -> str:
        if len(value) > self._limit:
            value = value[: self._limit] + "…"
        if _SUSPECT.search(value) is None:
            return value
        return self._clean(value)

    def _clean(self, value: str) -> str:
        value = _SQL_PARAMETERS.sub(_hide_parameters, value)
        value = self._assignment.sub(_hide_assignment, value)
        value = _BEARER.sub(rf"\1 {REDACTED}", value)
        value = _BASIC.sub(rf"\1 {REDACTED}", value)
        value = _JWT.sub(REDACTED, value)
        value = _USERINFO.sub(REDACTED, value)
        return _CARD.sub(_hide_card, value)

    def value(self, key: str, value: Any, depth: int = 0) -> Any:
        if self.secret_key(key) and value is not None:
            return REDACTED
        kind = type(value)
        if kind is str:
            return self.text(value)
        if kind is int:
            return REDACTED if value > 10**12 and _is_card(str(value)) else value
        if kind is float or kind is bool or value is None:
            return value
        return self._other(key, value, depth)

    def _other(self, key: str, value: Any, depth: int) -> Any:
        if depth > _DEPTH_LIMIT:
            return "…"
        if isinstance(value, Mapping):
            return {str(k): self.value(str(k), v, depth + 1) for k, v in value.items()}
        if isinstance(value, list | tuple | set | frozenset):
            return [self.value(key, item, depth + 1) for item in value]
        if isinstance(value, bytes):
            return self.text(value[: self._limit].decode("utf-8", "backslashreplace"))
        return self.text(_as_text(value))

    def fields(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {key: self.value(key, value) for key, value in fields.items()}


def _as_text(value: object) -> str:
    try:
        return str(value)
    except Exception as error:  # noqa: BLE001 — a broken __str__ must not break the line that logs it
        return f"<{type(value).__name__} that cannot be shown: {type(error).__name__}>"


def _joined(key: str) -> str:
    return "".join(_WORD.findall(key)).lower()


def _hide_assignment(match: re.Match[str]) -> str:
    return f"{match['key']}{match['sep']}{REDACTED}"


def _hide_parameters(match: re.Match[str]) -> str:
    return f"[parameters: {REDACTED}]" + ("\n" if match[0].endswith("\n") else "")


def _hide_card(match: re.Match[str]) -> str:
    digits = match[0].replace(" ", "").replace("-", "")
    return REDACTED if _is_card(digits) else match[0]


def _is_card(digits: str) -> bool:
    """Luhn's check on a number of a card's length and first digit."""
    if len(digits) not in _CARD_LENGTHS or digits[0] not in "23456":
        return False
    odd = sum(int(d) for d in digits[-1::-2])
    even = sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (odd + even) % 10 == 0
