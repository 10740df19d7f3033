"""Around every request: its id, one access line, and an answer when a handler breaks."""

import asyncio
import logging
import re
import secrets
import time
from http import HTTPStatus
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from payments import redaction
from payments.logs import request_id

ACCEPTED_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
SILENT_PATHS = frozenset({"/health"})
PATH_LIMIT = 1_024  # of a path in a line

access = logging.getLogger("payments.access")
log = logging.getLogger("payments.requests")


class RequestMiddleware:
    """Pure ASGI, so that the context the handler sees is the one the lines are written in."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        token = request_id.set(_id_of(scope))
        try:
            await self._answer(scope, receive, send)
        finally:
            request_id.reset(token)

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        began, answered = time.perf_counter(), _Answered(send)
        try:
            await self._app(scope, receive, answered)
        except asyncio.CancelledError:
            # The server is going, and waited long enough: a line, not a stack.
            log.warning("http.cancelled")
        except Exception:
            log.exception("http.exception")
            if answered.status is not None:
                raise
            await _broken()(scope, receive, answered)
        finally:
            if scope["path"] not in SILENT_PATHS:
                _write_access_line(scope, answered.status, time.perf_counter() - began)


class _Answered:
    """Sends on, remembering the status and naming the request id in the answer."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status: int | None = None

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            MutableHeaders(scope=message)["X-Request-ID"] = request_id.get() or ""
        await self._send(message)


def _id_of(scope: Scope) -> str:
    given = Headers(scope=scope).get("x-request-id", "")
    accepted = ACCEPTED_ID.fullmatch(given) and redaction.text(given) == given
    return given if accepted else secrets.token_hex(4)


def _write_access_line(scope: Scope, status: int | None, seconds: float) -> None:
    client = scope.get("client")
    fields: dict[str, Any] = {
        "method": scope["method"],
        "path": redaction.text(scope["path"])[:PATH_LIMIT],
        "route": getattr(scope.get("route"), "path", None),
        "status": status,
        "duration_ms": round(seconds * 1000, 3),
        "client": client[0] if client else None,
    }
    access.info("http.request", extra=fields)


def _broken() -> JSONResponse:
    body = {
        "code": "internal_error",
        "message": "The charge could not be processed because of a fault in payments.",
        "remedy": "Ask again with the same Idempotency-Key: nothing is charged twice.",
    }
    return JSONResponse(body, HTTPStatus.INTERNAL_SERVER_ERROR)
