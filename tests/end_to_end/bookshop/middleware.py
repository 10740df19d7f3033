"""Middleware of both kinds: the plain one, and the one that reads a request."""

import logging

from starlette.middleware.base import BaseHTTPMiddleware, RequestResponseEndpoint
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

log = logging.getLogger("bookshop.middleware")


class VisitCount:
    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.visits = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-visit", str(self.visits).encode())]
            await send(message)

        self.visits += scope["type"] == "http"
        await self.app(scope, receive, send_counted)


class ShopHeader(BaseHTTPMiddleware):
    async def dispatch(self, request: Request, call_next: RequestResponseEndpoint) -> Response:
        if request.headers.get("x-tired"):
            log.warning("a tired visitor")
        response = await call_next(request)
        response.headers["X-Shop"] = "bookshop"
        return response
