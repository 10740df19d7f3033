"""The outermost ASGI layer: request id, server span, access line and metrics of each request."""

import re
from asyncio import CancelledError
from collections.abc import Callable
from random import getrandbits
from time import perf_counter, time_ns
from typing import Any

from opentelemetry import context as otel_context
from opentelemetry import propagate
from opentelemetry.context import Context
from opentelemetry.propagators.textmap import Getter
from opentelemetry.trace import (
    NonRecordingSpan,
    Span,
    SpanContext,
    Status,
    StatusCode,
    TraceFlags,
    get_current_span,
    set_span_in_context,
)
from prometheus_client import CollectorRegistry
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketDisconnect

from sightline.telemetry.events import QUIET, REQUEST_ID, mark_logged
from sightline.telemetry.exchange import Exchange
from sightline.telemetry.metrics import UNKNOWN, RequestMetrics, expose
from sightline.telemetry.request_span import RequestSpan
from sightline.telemetry.routes import ROUTE_KEY, new_probe, resolve_route
from sightline.telemetry.runtime import Runtime
from sightline.telemetry.tracing import SwitchSampler

_ID = re.compile(rb"[A-Za-z0-9._-]{1,64}").fullmatch
_SAMPLED = TraceFlags(TraceFlags.SAMPLED | TraceFlags.RANDOM_TRACE_ID)
_NOT_SAMPLED = TraceFlags(TraceFlags.RANDOM_TRACE_ID)
_CLIENT_CLOSED = 499  # nginx' word for a client that left before the answer
_ERROR = 40
_TRACE_HEADER_LIMIT = 8_192  # W3C's own for baggage
_HEADER_LIMIT = 512  # of what is kept of a header; it may be megabytes long


class _HeaderGetter(Getter[dict[str, list[str]]]):
    def get(self, carrier: dict[str, list[str]], key: str) -> list[str] | None:
        return carrier.get(key.lower())

    def keys(self, carrier: dict[str, list[str]]) -> list[str]:
        return list(carrier)


_GETTER = _HeaderGetter()


class TelemetryMiddleware:
    def __init__(
        self,
        app: ASGIApp,
        *,
        owner: Any,
        runtime: Callable[[], Runtime],
        metrics: RequestMetrics,
        registry: CollectorRegistry,
        silent: frozenset[str],
        metrics_path: str | None,
    ) -> None:
        self.app = app
        self._owner = owner
        self._runtime = runtime
        self._metrics = metrics
        self._registry = registry
        self._silent = silent
        self._metrics_path = metrics_path
        self._trace_headers = {f.lower().encode() for f in propagate.get_global_textmap().fields}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._runtime().serve_lifespan(self.app, scope, receive, send)
            return
        if ROUTE_KEY in scope:  # mounted in an app that is instrumented itself
            await self.app(scope, receive, send)
            return
        exchange, parent = self._open(scope, send)
        path = scope["path"]
        root = scope.get("root_path")
        if root and path.startswith(root):
            path = path[len(root) :]
        if path in self._silent:
            await self._serve_silently(exchange, path, receive, send)
        elif scope["type"] == "http":
            await self._serve(exchange, parent, receive)
        else:
            await self._serve_websocket(exchange, parent, receive, send)

    def _open(self, scope: Scope, send: Send) -> tuple[Exchange, Context | None]:
        carrier: dict[str, list[str]] | None = None
        wanted: str | None = None
        host = agent = None
        trace_headers = self._trace_headers
        for name, value in scope["headers"]:
            if name == b"host":
                host = value[:_HEADER_LIMIT]
            elif name == b"user-agent":
                agent = value[:_HEADER_LIMIT]
            elif name == b"x-request-id":
                wanted = self._keep_id(value)
            elif name in trace_headers and len(value) <= _TRACE_HEADER_LIMIT:
                carrier = carrier or {}
                carrier.setdefault(name.decode(), []).append(value.decode("latin-1"))
        request_id = wanted or f"{getrandbits(32):08x}"
        exchange = Exchange(scope, send, self._finish, request_id)
        exchange.host, exchange.agent = host, agent
        parent = propagate.extract(carrier, getter=_GETTER) if carrier else None
        return exchange, parent

    def _keep_id(self, value: bytes) -> str | None:
        if not _ID(value):
            return None
        text = value.decode()
        return text if self._runtime().redactor.text(text) == text else None

    def _start_span(self, exchange: Exchange, parent: Context | None) -> Context:
        runtime = self._runtime()
        base = parent if parent is not None else otel_context.get_current()
        caller = get_current_span(base).get_span_context() if base else None
        if caller is not None and not caller.is_valid:
            caller = None
        span: Span
        if runtime.sampler is None:
            span = NonRecordingSpan(caller or _NO_CONTEXT)
            exchange.context = caller
        else:
            span = self._server_span(exchange, caller, runtime.sampler)
        context = otel_context.set_value(REQUEST_ID, exchange.request_id, base)
        context = set_span_in_context(span, context)
        observers = runtime.records.observers
        if observers is not None and exchange.span is not None:
            observers.on_start(exchange.span, parent_context=base)
        return context

    def _server_span(
        self, exchange: Exchange, caller: SpanContext | None, sampler: SwitchSampler
    ) -> Span:
        trace_id = caller.trace_id if caller is not None else getrandbits(128) or 1
        caller_sampled = caller.trace_flags.sampled if caller is not None else None
        sampled = sampler.decide(trace_id, caller_sampled)
        flags = _SAMPLED if sampled else _NOT_SAMPLED
        state = None
        if caller is not None:
            state = caller.trace_state
            if not caller.trace_flags.random_trace_id:
                flags = TraceFlags(flags & TraceFlags.SAMPLED)
        own = SpanContext(trace_id, getrandbits(64) or 1, False, flags, state)  # noqa: FBT003 — their order
        exchange.context = own
        if not sampled:
            return NonRecordingSpan(own)
        span = exchange.span = RequestSpan(exchange.method, own, caller, time_ns())
        return span

    async def _serve(self, exchange: Exchange, parent: Context | None, receive: Receive) -> None:
        scope = exchange.scope
        scope[ROUTE_KEY] = new_probe()
        token = otel_context.attach(self._start_span(exchange, parent))
        try:
            await self.app(scope, receive, exchange.send)
        except BaseException as error:
            self._fail(exchange, error)
            raise
        finally:
            self._finish(exchange)
            if self._metrics.hooks or self._metrics.async_hooks:
                await self._call_hooks(exchange)
            scope.pop(ROUTE_KEY, None)
            otel_context.detach(token)

    def _fail(self, exchange: Exchange, error: BaseException) -> None:
        if isinstance(error, CancelledError | ClientDisconnect | WebSocketDisconnect):
            exchange.aborted = True
            exchange.status = exchange.status or _CLIENT_CLOSED
            mark_logged(error)
            return
        exchange.error = error
        exchange.status = exchange.status or 500
        if isinstance(error, Exception):
            runtime = self._runtime()
            runtime.sink.write(
                _ERROR, "sightline.access", "http.exception", self._where(exchange), error
            )
            mark_logged(error)

    def _where(self, exchange: Exchange) -> dict[str, Any]:
        scope = exchange.scope
        route = resolve_route(scope, self._owner)
        return {"method": exchange.method, "path": scope["path"][:1024], "route": route}

    def _finish(self, exchange: Exchange) -> None:
        forward, exchange._finish = exchange._finish, None  # noqa: SLF001 — once for each exchange
        if forward is None:
            return
        seconds = (exchange.ended or perf_counter()) - exchange.started
        exchange.ended = exchange.started + seconds
        exchange.ended_at = time_ns()
        exchange.status = exchange.status or 500
        route = exchange.route = resolve_route(exchange.scope, self._owner)
        span = exchange.span
        if exchange.scope["type"] == "http":
            self._metrics.observe(
                route or UNKNOWN, exchange.method, exchange.status, seconds,
                exchange.context if span is not None else None,
            )  # fmt: skip
        if span is not None:
            self._end_span(exchange, span, seconds)
        runtime = self._runtime()
        runtime.pump.put((runtime.records.write_exchange, exchange))

    def _end_span(self, exchange: Exchange, span: RequestSpan, seconds: float) -> None:
        if not span.renamed:
            method = exchange.method if exchange.method != "_OTHER" else "HTTP"
            span._name = f"{method} {exchange.route}" if exchange.route else method  # noqa: SLF001 — not a user's rename
        error = exchange.error
        if error is not None:
            span.record_exception(error, escaped=True)
            if span.status.status_code is StatusCode.UNSET:
                span.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {error}"))
        elif exchange.status >= 500:  # noqa: PLR2004 — HTTP's own ranges
            span.set_status(StatusCode.ERROR)
        exchange.end_span(seconds)

    async def _call_hooks(self, exchange: Exchange) -> None:
        await self._metrics.call_hooks(
            exchange.scope,
            exchange.route or UNKNOWN,
            exchange.status,
            exchange.forwarded_headers,
            exchange.ended - exchange.started,
            max(exchange.first_byte - exchange.started, 0.0),
        )

    async def _serve_silently(
        self, exchange: Exchange, path: str, receive: Receive, send: Send
    ) -> None:
        """Health checks and scrapes: a request id, but no line, span or count of their own."""
        scope = exchange.scope
        scope[ROUTE_KEY] = None

        async def send_with_id(message: Message) -> None:
            if message["type"] in {"http.response.start", "websocket.accept"}:
                message["headers"] = exchange.with_id(message.get("headers", ()))
            await send(message)

        context = otel_context.set_value(REQUEST_ID, exchange.request_id)
        token = otel_context.attach(otel_context.set_value(QUIET, True, context))  # noqa: FBT003 — a context's value
        try:
            if path == self._metrics_path and scope["type"] == "http":
                accept = dict(scope["headers"]).get(b"accept", b"").decode("latin-1")
                response = await run_in_threadpool(expose, self._registry, accept)
                await response(scope, receive, send_with_id)
            else:
                await self.app(scope, receive, send_with_id)
        except Exception as error:
            self._fail(exchange, error)
            raise
        finally:
            scope.pop(ROUTE_KEY, None)
            otel_context.detach(token)

    async def _serve_websocket(
        self, exchange: Exchange, parent: Context | None, receive: Receive, send: Send
    ) -> None:
        """One span and one line for the whole connection; no place in the request metrics."""

        async def send_noting(message: Message) -> None:
            kind = message["type"]
            if kind in {"websocket.accept", "websocket.http.response.start"}:
                exchange.status = 101 if kind == "websocket.accept" else int(message["status"])
                message["headers"] = exchange.with_id(message.get("headers") or ())
            elif kind == "websocket.close" and not exchange.status:
                exchange.status = 403
            await send(message)

        exchange.scope[ROUTE_KEY] = new_probe()
        token = otel_context.attach(self._start_span(exchange, parent))
        try:
            await self.app(exchange.scope, receive, send_noting)
        except BaseException as error:
            self._fail(exchange, error)
            raise
        finally:
            self._finish(exchange)
            exchange.scope.pop(ROUTE_KEY, None)
            otel_context.detach(token)


_NO_CONTEXT = SpanContext(0, 0, False)  # noqa: FBT003 — their order
