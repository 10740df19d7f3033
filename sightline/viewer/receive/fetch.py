"""One GET of a `/metrics` page, bounded in time and in size."""

import functools
import io
import socket
import time
import zlib
from http.client import (
    HTTPConnection,
    HTTPException,
    HTTPResponse,
    HTTPSConnection,
    IncompleteRead,
    InvalidURL,
)
from typing import Any, NamedTuple
from urllib.parse import urlsplit

ACCEPT = (
    "application/openmetrics-text;version=1.0.0;q=0.8,"
    "application/openmetrics-text;version=0.0.1;q=0.7,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
MAX_BYTES = 32 * 1024 * 1024
_CUT = "its page ended too early; it was cut on the way"
_SUCCESS = range(200, 300)


class FetchFailed(Exception):  # noqa: N818 — reads as what happened
    """Why a page could not be had, in a few words."""


class Fetched(NamedTuple):
    text: str
    content_type: str


def fetch(url: str, timeout: float) -> Fetched:
    """Blocks, no longer than that once it is connected; raises `FetchFailed`.

    Before, each address of the name has that time, and looking it up what the system allows.
    """
    try:
        raw, encoding, kind = _got(url, timeout)
    except TimeoutError as error:
        raise FetchFailed(f"it took longer than {timeout:g} s") from error
    except IncompleteRead as error:
        raise FetchFailed(_CUT) from error
    except (OSError, ValueError, InvalidURL) as error:
        raise FetchFailed(str(error) or type(error).__name__) from error
    except HTTPException as error:
        raise FetchFailed(f"what it answers is not HTTP: {str(error)[:200]!r}") from error
    return Fetched(_text(_inflated(raw) if encoding == "gzip" else raw), kind)


def _got(url: str, timeout: float) -> tuple[bytes, str, str]:
    """The body, its encoding and its type. No proxies: targets are this machine's own."""
    deadline = time.monotonic() + timeout
    parts = urlsplit(url)
    kind = HTTPSConnection if parts.scheme == "https" else HTTPConnection
    connection = kind(parts.hostname or "", parts.port or kind.default_port, timeout=timeout)
    connection.response_class = functools.partial(_Response, deadline)  # type: ignore[assignment] # called with a socket
    headers = {
        "Accept": ACCEPT,
        "Accept-Encoding": "gzip",
        "Connection": "close",
        "User-Agent": "sightline-viewer",
        "X-Prometheus-Scrape-Timeout-Seconds": f"{timeout:g}",
    }
    try:
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers=headers)
        with connection.getresponse() as answer:
            # A target that moved is a target to configure anew, so no redirect is followed.
            if answer.status not in _SUCCESS:
                raise FetchFailed(f"it answered {answer.status} {answer.reason}")
            raw = answer.read(MAX_BYTES + 1)
            if len(raw) <= MAX_BYTES and answer.length:
                raise FetchFailed(_CUT)
            return (
                raw,
                answer.headers.get("Content-Encoding", ""),
                answer.headers.get("Content-Type", ""),
            )
    finally:
        connection.close()


class _Response(HTTPResponse):
    """Whose every read ends by the deadline."""

    def __init__(self, deadline: float, sock: socket.socket, *args: Any, **named: Any) -> None:
        super().__init__(sock, *args, **named)
        self.fp = io.BufferedReader(_Timed(self.fp.detach(), sock, deadline))


class _Timed(io.RawIOBase):
    """What a socket receives. Its own timeout is one of each read, which drops may keep alive."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket, deadline: float) -> None:
        self._raw = raw
        self._sock = sock
        self._deadline = deadline

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        self._sock.settimeout(left)
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


def _inflated(raw: bytes) -> bytes:
    stream = zlib.decompressobj(zlib.MAX_WBITS | 16)
    try:
        inflated = stream.decompress(raw, MAX_BYTES + 1)
    except zlib.error as error:
        raise FetchFailed(f"its gzip is damaged: {error}") from error
    if len(inflated) <= MAX_BYTES and not stream.eof:
        raise FetchFailed(_CUT)
    return inflated


def _text(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise FetchFailed(f"its page is larger than {MAX_BYTES >> 20} MiB")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise FetchFailed(f"its page is not UTF-8: {error}") from error
