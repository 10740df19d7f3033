"""One HTTP request, bounded in time and size; what goes wrong is said in one line."""

import http.client
import json
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 256 * 1024 * 1024
_SHOWN = 300  # characters of an unexpected answer


class Unreachable(Exception):  # noqa: N818 — reads as what happened
    """Nobody answered, or not in time: the address and the reason."""


class Refused(Unreachable):
    """Nothing listens there."""


@dataclass(frozen=True)
class Answer:
    url: str
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")

    def json(self) -> Any:
        """Raise `ValueError`, in one line, where the answer is something else."""
        try:
            return json.loads(self.body)
        except ValueError as error:
            raise ValueError(f"{self.url} answers {self.summary}, which is no JSON") from error

    @property
    def summary(self) -> str:
        text = " ".join(self.text.split())
        return f"{self.status} {text[:_SHOWN]}".rstrip()


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        """A redirect is an answer like another; whoever asked judges it."""


# Without the environment's proxies: what is asked about is what answers at the address itself.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirect)


def request(
    url: str,
    *,
    timeout: float,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes | None = None,
) -> Answer:
    """The answer, whatever its status; raise `Unreachable` where there is none."""
    given = {"User-Agent": "sightline", **(headers or {})}
    asked = urllib.request.Request(url, data=body, headers=given, method=method)  # noqa: S310 — the user named it
    try:
        try:
            with _opener.open(asked, timeout=timeout) as answer:
                return _answer(url, answer.status, answer)
        except urllib.error.HTTPError as refusal:
            with refusal:
                return _answer(url, refusal.code, refusal)
    except TimeoutError as error:
        raise Unreachable(f"{url} does not answer within {timeout:g} s") from error
    except urllib.error.URLError as error:
        kind = Refused if isinstance(error.reason, ConnectionRefusedError) else Unreachable
        raise kind(f"{url} does not answer: {_reason(error.reason)}") from error
    except (OSError, ValueError, EOFError, http.client.HTTPException) as error:
        raise Unreachable(f"{url} does not answer: {_reason(error)}") from error


def _answer(url: str, status: int, answer: Any) -> Answer:
    body: bytes = answer.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise Unreachable(f"{url} answers more than {MAX_BYTES >> 20} MiB")
    told = answer.headers.get("Content-Length", "")
    if told.isdecimal() and len(body) < int(told):
        raise Unreachable(f"{url} does not answer: it hung up after {len(body)} of {told} bytes")
    return Answer(url, status, {name.lower(): v for name, v in answer.headers.items()}, body)


def _reason(error: object) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__
