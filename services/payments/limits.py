"""Requests with more headers than any client sends are refused: uvicorn sets no bound itself."""

from http import HTTPStatus

from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

MAX_HEADER_BYTES = 64 * 1024


class HeaderLimit:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _size(scope) > MAX_HEADER_BYTES:
            await _refusal()(scope, receive, send)
        else:
            await self._app(scope, receive, send)


def _size(scope: Scope) -> int:
    return sum(len(name) + len(value) for name, value in scope["headers"])


def _refusal() -> JSONResponse:
    body = {
        "code": "headers_too_large",
        "message": f"The headers are larger than {MAX_HEADER_BYTES} bytes.",
        "remedy": "Send fewer or shorter headers.",
    }
    return JSONResponse(body, HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
