"""The text of one setting, and what it means: a port, a time, a size, a target."""

import ipaddress
import re
from typing import NamedTuple
from urllib.parse import urlsplit

_LAST_PORT = 65_535
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([KMGT])i?B?", re.IGNORECASE)
_BYTES = {"K": 1024, "M": 1024**2, "G": 1024**3, "T": 1024**4}
_ON, _OFF = ("1", "true", "yes", "on"), ("", "0", "false", "no", "off")
_SHORTEST_SECRET = 16
_SECRET = re.compile(r"[A-Za-z0-9._~+/=-]+")


class SettingError(Exception):
    """A setting that cannot be used, in one line with the remedy."""


class Given(NamedTuple):
    """A value as it was written, and where: `--port '0'`, `SIGHTLINE_PORT='0'`, or in a file."""

    text: str
    source: str


class Target(NamedTuple):
    """A `/metrics` to scrape; `job` becomes the label of that name."""

    job: str
    url: str

    @property
    def instance(self) -> str:
        parts = urlsplit(self.url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        return f"{parts.hostname}:{port}"


def port(given: Given) -> int:
    text = given.text
    if not text.isascii() or not text.isdigit() or not 0 < int(text) <= _LAST_PORT:
        raise SettingError(f"{given.source} is not a port: give a number from 1 to {_LAST_PORT}")
    return int(text)


def duration(given: Given) -> float:
    found = _DURATION.fullmatch(given.text)
    seconds = float(found[1]) * _SECONDS[found[2]] if found else 0
    if not seconds:
        raise SettingError(f"{given.source} is not a time: give e.g. 5s, 90m, 24h or 7d")
    return seconds


def size(given: Given) -> int:
    found = _SIZE.fullmatch(given.text)
    number = int(float(found[1]) * _BYTES[found[2].upper()]) if found else 0
    if not number:
        raise SettingError(f"{given.source} is not a size: give e.g. 500MB or 2GB")
    return number


def target(given: Given) -> Target:
    job, _, url = given.text.strip().partition("=")
    try:
        parts = urlsplit(url)
        usable = bool(job and parts.scheme in {"http", "https"} and parts.hostname)
        usable = usable and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    if not usable:
        raise SettingError(
            f"{given.source} is not a target: give NAME=URL,"
            " e.g. orders=http://127.0.0.1:8000/metrics"
        )
    return Target(job, url)


def switch(given: Given) -> bool:
    text = given.text.strip().lower()
    if text in _OFF:
        return False
    if text in _ON:
        return True
    raise SettingError(f"{given.source} is neither on nor off: give 1 or 0")


def address(given: Given) -> str:
    try:
        if given.text != "localhost":
            ipaddress.ip_address(given.text)
    except ValueError:
        raise SettingError(
            f"{given.source} is not an address: give e.g. 127.0.0.1 or 0.0.0.0"
        ) from None
    return given.text


def is_loopback(host: str) -> bool:
    return host == "localhost" or ipaddress.ip_address(host).is_loopback


def secret(given: Given) -> str:
    """Its value is never part of a message."""
    text = given.text.strip()
    if len(text) < _SHORTEST_SECRET or not _SECRET.fullmatch(text):
        raise SettingError(
            f"{given.source} is no secret to rely on: give {_SHORTEST_SECRET} letters and digits"
            " or more, e.g. what this prints: python3 -c 'import secrets;"
            " print(secrets.token_urlsafe(32))'"
        )
    return text
