"""One request and its response: what is noted while it runs, and what is made of it afterwards.

What runs here runs for each request on the event loop; whatever can wait is a method for the pump
(`access_event`, `span_parts`).
"""

from collections.abc import Awaitable, Mapping
from time import perf_counter
from typing import TYPE_CHECKING, Any

from starlette.types import Message, Scope, Send

from sightline.telemetry.events import LogEvent, error_type
from sightline.telemetry.redaction import Redactor

if TYPE_CHECKING:
    from opentelemetry.trace import SpanContext

    from sightline.telemetry.request_span import RequestSpan

KNOWN_METHODS = frozenset(
    {"CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"}
)
OTHER_METHOD = "_OTHER"
ACCESS_LOGGER = "sightline.access"
ACCESS_EVENT = "http.request"
_INFO = 20
_TEXT_LIMIT = 1_024  # of a path, a query or a user agent; headers may be megabytes
_DEFAULT_PORTS = {"http": 80, "https": 443, "ws": 80, "wss": 443}


class Exchange:
    __slots__ = (
        "_finish",
        "_forward",
        "_trailers",
        "aborted",
        "agent",
        "context",
        "ended",
        "ended_at",
        "error",
        "first_byte",
        "forwarded_headers",
        "header",
        "host",
        "method",
        "original_method",
        "request_id",
        "route",
        "scope",
        "span",
        "started",
        "status",
    )  # fmt: skip

    def __init__(self, scope: Scope, forward: Send, finish: Any, request_id: str) -> None:
        self.started = perf_counter()
        self.scope = scope
        self.request_id = request_id
        self.header = (b"x-request-id", request_id.encode())
        self.host: bytes | None = None
        self.agent: bytes | None = None
        self.span: RequestSpan | None = None
        self.context: SpanContext | None = None
        self.status = 0
        self.route: str | None = None
        self.error: BaseException | None = None
        self.aborted = False
        self.ended = 0.0
        self.ended_at = 0
        self.first_byte = 0.0
        self.forwarded_headers: Any = ()
        self._forward = forward
        self._finish = finish
        self._trailers = False
        method = scope.get("method", "GET")
        self.method: str = method if method in KNOWN_METHODS else OTHER_METHOD
        self.original_method: str | None = None if self.method is method else method[:64]

    def send(self, message: Message) -> Awaitable[None]:
        kind = message["type"]
        if kind == "http.response.body":
            if message.get("more_body") or self._trailers:
                return self._forward(message)
            return self._send_last(message)
        if kind == "http.response.start":
            self._note_start(message)
        elif kind == "http.response.pathsend" or (
            kind == "http.response.trailers" and not message.get("more_trailers")
        ):
            return self._send_last(message)
        return self._forward(message)

    def _note_start(self, message: Message) -> None:
        self.status = int(message["status"])
        self.first_byte = perf_counter()
        self._trailers = bool(message.get("trailers"))
        message["headers"] = self.forwarded_headers = self.with_id(message.get("headers", ()))

    def with_id(self, headers: Any) -> list[tuple[bytes, bytes]]:
        """Ours is the only X-Request-ID of the response."""
        return [*(pair for pair in headers if pair[0].lower() != b"x-request-id"), self.header]

    async def _send_last(self, message: Message) -> None:
        await self._forward(message)
        self.ended = perf_counter()
        # A 5xx may still be followed by the exception that caused it.
        if self.status < 500:  # noqa: PLR2004 — HTTP's own ranges
            self._finish(self)

    def end_span(self, seconds: float) -> None:
        if self.span is not None:
            self.span.end(self.span.started + int(seconds * 1e9))

    def access_event(self, redactor: Redactor) -> LogEvent:
        scope = self.scope
        client = scope.get("client")
        fields: dict[str, Any] = {
            "method": self.method,
            "path": redactor.text(_cut(scope["path"])),
            "route": self.route,
            "status": self.status,
            "duration_ms": round((self.ended - self.started) * 1e3, 3),
            "client": client[0] if client else None,
        }
        if self.aborted:
            fields["aborted"] = True
        return LogEvent(
            self.ended_at, _INFO, ACCESS_LOGGER, ACCESS_EVENT, self.request_id, self.context, fields
        )

    def span_group(self) -> tuple[Any, ...]:
        """What many requests share: the key of their encoded attributes."""
        scope = self.scope
        client = scope.get("client")
        error = self.error
        server = str(scope.get("server")) if self.host is None else None
        return (
            self.method, self.original_method, scope["scheme"], self.route, self.status, self.host,
            scope.get("http_version"), self.agent, client[0] if client else None,
            type(error) if error is not None else None, server, scope["type"],
        )  # fmt: skip

    def steady_attributes(self) -> Mapping[str, Any]:
        scope = self.scope
        out: dict[str, Any] = {
            "http.request.method": self.method,
            "url.scheme": scope["scheme"],
            **_server(self.host, scope),
        }
        if self.method == OTHER_METHOD:
            out["http.request.method_original"] = self.original_method
        if self.status:
            out["http.response.status_code"] = self.status
        if self.route is not None:
            out["http.route"] = self.route
        if scope.get("http_version"):
            out["network.protocol.version"] = scope["http_version"]
        if scope["type"] == "websocket":
            out["network.protocol.name"] = "websocket"
        if scope.get("client"):
            out["client.address"] = out["network.peer.address"] = scope["client"][0]
        if self.agent is not None:
            out["user_agent.original"] = self.agent.decode("latin-1")
        if self.error is not None:
            out["error.type"] = error_type(self.error)
        elif self.status >= 500:  # noqa: PLR2004 — HTTP's own ranges
            out["error.type"] = str(self.status)
        return out

    def varying_attributes(self) -> list[tuple[str, Any]]:
        scope = self.scope
        out: list[tuple[str, Any]] = [("url.path", _cut(scope["path"]))]
        if scope.get("query_string"):
            out.append(("url.query", _cut(scope["query_string"].decode("latin-1"))))
        client = scope.get("client")
        if client and client[1]:
            out.append(("network.peer.port", client[1]))
        return out


def _cut(text: str) -> str:
    return text if len(text) <= _TEXT_LIMIT else text[:_TEXT_LIMIT] + "…"


def _server(host: bytes | None, scope: Scope) -> dict[str, Any]:
    name, port = None, None
    if host is not None:
        text = host.decode("latin-1")
        name, _, digits = text.rpartition(":") if not text.endswith("]") else (text, "", "")
        if not name:
            name, digits = text, ""
        port = int(digits) if digits.isdigit() and len(digits) < 6 else None  # noqa: PLR2004 — 65535
    elif scope.get("server"):
        name, port = scope["server"]
    if not name:
        return {}
    port = port or _DEFAULT_PORTS.get(scope["scheme"])
    return {"server.address": name.strip("[]"), **({"server.port": port} if port else {})}
