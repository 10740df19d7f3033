"""The token that opens the page and the query APIs: a link, then a cookie, or a header."""

import hashlib
import hmac
from importlib import resources
from urllib.parse import parse_qsl, urlencode

from starlette.requests import HTTPConnection, Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

OPEN = "/healthz"  # whether it runs is no secret
SIGN_IN = "/sign-in"
_LONGEST_FORM = 4_096
_BEARER = "bearer "
_CLOSED = (
    "this viewer asks for its token: open the link that `sightline view` printed,"
    " or send the header Authorization: Bearer TOKEN"
)


class Access:
    """Pure ASGI: lets in who shows the token, and turns the link's into a cookie."""

    def __init__(self, app: ASGIApp, token: str, port: int) -> None:
        self._app = app
        self._token = token.encode()
        # Cookies know no ports: each viewer of a machine has one of its own name, and what another
        # server of that machine is shown by the browser is not the token.
        self._cookie = f"sightline-{port}"
        self._pass = hashlib.blake2b(b"page", key=hashlib.sha256(self._token).digest()).hexdigest()
        self._page = (resources.files(__package__) / "web" / "sign-in.html").read_text("utf-8")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or scope["path"] == OPEN:
            await self._app(scope, receive, send)
            return
        asked = HTTPConnection(scope)
        if scope["type"] == "http" and scope["path"] == SIGN_IN and scope["method"] == "POST":
            answer = await self._signed_in(Request(scope, receive))
        elif "token" in asked.query_params and self._is_token(asked.query_params["token"]):
            answer = self._admitted(_without_token(asked))
        elif self._shows_pass(asked):
            await self._app(scope, receive, send)
            return
        else:
            answer = self._refusal(asked)
        if scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": _CLOSED[:120]})
            return
        await answer(scope, receive, send)

    def _shows_pass(self, asked: HTTPConnection) -> bool:
        given = asked.headers.get("authorization", "")
        if given[: len(_BEARER)].lower() == _BEARER:
            return self._is_token(given[len(_BEARER) :].strip())
        return _same(self._pass.encode(), asked.cookies.get(self._cookie, ""))

    def _is_token(self, shown: str) -> bool:
        return _same(self._token, shown)

    async def _signed_in(self, request: Request) -> Response:
        form = b""
        async for chunk in request.stream():
            form += chunk
            if len(form) > _LONGEST_FORM:
                return PlainTextResponse("the form is too long", 413)
        given = dict(parse_qsl(form.decode("latin-1")))
        if self._is_token(given.get("token", "")):
            return self._admitted("/")
        return HTMLResponse(self._page, 401, _PAGE_HEADERS)

    def _admitted(self, address: str) -> Response:
        # The address without the token: none stays in the history, none is sent on.
        answer = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
        answer.set_cookie(self._cookie, self._pass, httponly=True, samesite="strict", path="/")
        return answer

    def _refusal(self, asked: HTTPConnection) -> Response:
        if "text/html" in asked.headers.get("accept", ""):
            return HTMLResponse(self._page, 401, _PAGE_HEADERS)
        return PlainTextResponse(_CLOSED, 401, {"WWW-Authenticate": "Bearer"})


_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; form-action 'self'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    # With none at all, browsers would say `null` where the form's origin should stand.
    "Referrer-Policy": "same-origin",
}


def _same(wanted: bytes, shown: str) -> bool:
    return hmac.compare_digest(wanted, shown.encode("utf-8", "replace"))


def _without_token(asked: HTTPConnection) -> str:
    rest = [(key, value) for key, value in asked.query_params.multi_items() if key != "token"]
    # One slash at the start: `//name` would lead to another host.
    path = "/" + asked.scope["path"].lstrip("/\\")
    return f"{path}?{urlencode(rest)}" if rest else path
