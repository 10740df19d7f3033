"""One GET of a `/metrics` page, bounded in time and in size."""

import urllib.error
import urllib.request
import zlib
from typing import NamedTuple

ACCEPT = (
    "application/openmetrics-text;version=1.0.0;q=0.8,"
    "application/openmetrics-text;version=0.0.1;q=0.7,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
MAX_BYTES = 32 * 1024 * 1024


class FetchFailed(Exception):  # noqa: N818 — reads as what happened
    """Why a page could not be had, in a few words."""


class Fetched(NamedTuple):
    text: str
    content_type: str


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A target that moved is a target to configure anew."""


# Without the environment's proxies: targets are this machine's own.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def fetch(url: str, timeout: float) -> Fetched:
    """Blocks; raises `FetchFailed`."""
    headers = {
        "Accept": ACCEPT,
        "Accept-Encoding": "gzip",
        "User-Agent": "sightline-viewer",
        "X-Prometheus-Scrape-Timeout-Seconds": f"{timeout:g}",
    }
    request = urllib.request.Request(url, headers=headers)  # noqa: S310 — the user named the target
    try:
        with _opener.open(request, timeout=timeout) as answer:
            raw = answer.read(MAX_BYTES + 1)
            encoding = answer.headers.get("Content-Encoding", "")
            kind = answer.headers.get("Content-Type", "")
    except urllib.error.HTTPError as error:
        with error:
            raise FetchFailed(f"it answered {error.code} {error.reason}") from error
    except urllib.error.URLError as error:
        raise FetchFailed(str(error.reason)) from error
    except (OSError, ValueError) as error:
        raise FetchFailed(str(error) or type(error).__name__) from error
    return Fetched(_text(_inflated(raw) if encoding == "gzip" else raw), kind)


def _inflated(raw: bytes) -> bytes:
    try:
        return zlib.decompressobj(zlib.MAX_WBITS | 16).decompress(raw, MAX_BYTES + 1)
    except zlib.error as error:
        raise FetchFailed(f"its gzip is damaged: {error}") from error


def _text(raw: bytes) -> str:
    if len(raw) > MAX_BYTES:
        raise FetchFailed(f"its page is larger than {MAX_BYTES >> 20} MiB")
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise FetchFailed(f"its page is not UTF-8: {error}") from error
