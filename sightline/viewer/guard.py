"""Who may ask: no web page of another origin, no name that was bent to this machine."""

import ipaddress
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import urlsplit

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_OWN_SITES = (b"none", b"same-origin")
_SHUT_OUT = (
    "a page of another origin may not ask this viewer; a link from elsewhere may lead to its views"
    " (/, /d/..., /logs, /traces, ...), other addresses are for the address bar"
)
_HEADERS = (
    (
        b"content-security-policy",
        b"default-src 'none'; frame-ancestors 'none'",
    ),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
)


class Guard:
    """Pure ASGI: refuses a foreign Host or Origin, and adds the security headers.

    With `by_address` every Host that is an address may ask: only names can be bent.
    `is_view` tells the paths that a link from elsewhere may lead to.
    """

    def __init__(
        self,
        app: App,
        allowed_hosts: frozenset[str] = frozenset(),
        *,
        by_address: bool = False,
        is_view: Callable[[str], bool] = lambda _: False,
    ) -> None:
        self._app = app
        self._hosts = LOCAL_NAMES | allowed_hosts
        self._by_address = by_address
        self._is_view = is_view

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal:
            await _refuse(scope, receive, send, refusal)
            return
        await self._app(scope, receive, _with_headers(send))

    def _refusal(self, scope: Scope) -> str:
        headers = dict(scope["headers"])
        host = headers.get(b"host", b"").decode("latin-1").lower()
        if not self._is_ours(_hostname(f"//{host}")):
            return f"Host {host!r} is not this viewer's; allow it with --allow-host"
        origin = headers.get(b"origin")
        if origin is not None and _netloc(origin.decode("latin-1").lower()) != host:
            return f"Origin {origin.decode('latin-1')!r} may not ask this viewer"
        # A link to a view may be followed, and the view asks what its address says; no image,
        # script or frame is loaded, and no query API is opened.
        site = headers.get(b"sec-fetch-site", b"none")
        if site not in _OWN_SITES:
            followed = headers.get(b"sec-fetch-dest") == b"document"
            return "" if followed and self._is_view(scope["path"]) else _SHUT_OUT
        return ""

    def _is_ours(self, name: str) -> bool:
        return name in self._hosts or (self._by_address and _is_address(name))


def _hostname(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _netloc(url: str) -> str:
    try:
        return urlsplit(url).netloc
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = list(message.get("headers", ()))
            # The page has a stricter policy of its own.
            given = {name.lower() for name, _ in headers}
            message["headers"] = headers + [pair for pair in _HEADERS if pair[0] not in given]
        await send(message)

    return send_with_headers


async def _refuse(scope: Scope, receive: Receive, send: Send, reason: str) -> None:
    if scope["type"] == "websocket":
        await receive()
        await send({"type": "websocket.close", "code": 1008, "reason": reason[:120]})
        return
    body = reason.encode()
    headers = [
        (b"content-type", b"text/plain; charset=utf-8"),
        (b"content-length", b"%d" % len(body)),
    ]
    await send({"type": "http.response.start", "status": 403, "headers": headers})
    await send({"type": "http.response.body", "body": body})
