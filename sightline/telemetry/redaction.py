"""Takes secrets out of log fields, texts and span attributes, by key and by value."""

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Any
from urllib.parse import unquote, unquote_plus

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
    r"[=:@]|eyJ|\d(?:[ .-]?\d){12}|%3[Dd]|(?:oken|OKEN|ssword|ecret)/"
    r"|[Bb][Ee][Aa][Rr][Ee][Rr]\s|[Bb][Aa][Ss][Ii][Cc]\s"
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
_PATH = re.compile(
    r"(?P<key>/(?:\w{0,20}[_-])?(?:token|password|secret)/)"
    r"(?!(?:refresh|revoke|verify|introspect|reset|new|change|forgot)(?![\w-])|[\w-]+\.\w)"
    r"[^\s/?#&\"'<>)\]]+",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d(?:[ .-]?\d){12}")
# Ids in hex go first and stay, whatever digits they hold; a card may be glued to letters.
_CARD = re.compile(
    r"(?P<id>(?<![0-9A-Za-z])(?=[0-9-]*[A-Fa-f])(?:[0-9A-Fa-f]{16}|[0-9A-Fa-f]{32}"
    r"|[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})(?![0-9A-Za-z]))"
    r"|(?<!\d)(?<!\d\.)[2-6](?:\d{3}(?:\.\d{4}){3}|\d{3}\.\d{6}\.\d{5}|(?:[ -]?\d){12,18})(?!\d)"
)
# A card among other numbers: `42 4111 1111 1111 1111 12/27`.
_CARD_AMONG = re.compile(
    r"(?<!\d)[2-6](?:\d{12,18}|\d{3}(?:[ -]\d{4}){3}|\d{3}[ -]\d{6}[ -]\d{5})(?!\d)"
)
_URL_PART = re.compile(r"[^\s?&#\"'<>]+")
_DECODINGS = 3
_SQL_PARAMETERS = re.compile(r"\[parameters: .*?(?:\]\n|\]\Z)", re.DOTALL)
_KEY_CACHE_LIMIT = 4_096
_KEY_LENGTH_CACHED = 100
_DEPTH_LIMIT = 8
_CARD_LENGTHS = range(13, 20)
# Not 20 and 21: those are dates.
_CARD_STARTS = ("22", "23", "24", "25", "26", "27", "3", "4", "5", "6")


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
            if len(self._known) >= _KEY_CACHE_LIMIT:
                self._known.clear()
            if len(key) <= _KEY_LENGTH_CACHED:
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

    def query(self, value: str) -> str:
        """A query string, its keys judged like those of fields; the rest stays as it was sent."""
        return "&".join([self._query_part(part) for part in self.text(value).split("&")])

    def _query_part(self, part: str) -> str:
        key, _, value = part.partition("=")
        if value and self.secret_key(key):
            return f"{key}={REDACTED}"
        return self._encoded(part, unquote_plus(part)) if "+" in part else part

    def _encoded_part(self, match: re.Match[str]) -> str:
        part = match[0]
        return self._encoded(part, part) if "%" in part else part

    def _encoded(self, part: str, plain: str) -> str:
        """The part as sent, unless what it stands for has a secret key or holds a secret."""
        for _ in range(_DECODINGS):
            plain = unquote(plain)
        name, _, content = plain.partition("=")
        if not (content and self.secret_key(name)) and self._clean_plain(plain) == plain:
            return part
        key, sign, _ = part.partition("=")
        # A secret may stand before the sign, too.
        shown = sign and self._clean_plain(unquote(key)) == unquote(key)
        return f"{key}={REDACTED}" if shown else REDACTED

    def _clean(self, value: str) -> str:
        if "%" in value:
            value = _URL_PART.sub(self._encoded_part, value)
        return self._clean_plain(value)

    def _clean_plain(self, value: str) -> str:
        value = _SQL_PARAMETERS.sub(_hide_parameters, value)
        value = self._assignment.sub(_hide_assignment, value)
        value = _BEARER.sub(rf"\1 {REDACTED}", value)
        value = _BASIC.sub(rf"\1 {REDACTED}", value)
        value = _JWT.sub(REDACTED, value)
        value = _USERINFO.sub(REDACTED, value)
        value = _PATH.sub(rf"\g<key>{REDACTED}", value)
        return value if _DIGITS.search(value) is None else _CARD.sub(_hide_card, value)

    def value(self, key: str, value: Any, depth: int = 0) -> Any:
        if self.secret_key(key) and value is not None:
            return REDACTED
        kind = type(value)
        if kind is str:
            return self.query(value) if key == "url.query" else self.text(value)
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
            return [self._item(key, item, depth + 1) for item in value]
        if isinstance(value, bytes):
            return self.text(value[: self._limit].decode("utf-8", "backslashreplace"))
        return self.text(_as_text(value))

    def _item(self, key: str, item: Any, depth: int) -> Any:
        """An item of a sequence; a pair is a name and its value, as headers come."""
        if isinstance(item, list | tuple) and len(item) == 2:  # noqa: PLR2004 — a pair
            name = item[0].decode("latin-1") if isinstance(item[0], bytes) else item[0]
            if isinstance(name, str) and depth <= _DEPTH_LIMIT:
                return [self.text(name), self.value(name, item[1], depth + 1)]
        return self.value(key, item, depth)

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
    if match["id"]:
        return match[0]
    hidden = _hide_digits(match)
    return hidden if hidden == REDACTED else _CARD_AMONG.sub(_hide_digits, hidden)


def _hide_digits(match: re.Match[str]) -> str:
    digits = match[0].replace(" ", "").replace("-", "").replace(".", "")
    return REDACTED if _is_card(digits) else match[0]


def _is_card(digits: str) -> bool:
    """Luhn's check on a number of a card's length and first digit."""
    if len(digits) not in _CARD_LENGTHS or not digits.startswith(_CARD_STARTS):
        return False
    odd = sum(int(d) for d in digits[-1::-2])
    even = sum(sum(divmod(2 * int(d), 10)) for d in digits[-2::-2])
    return (odd + even) % 10 == 0
