"""The instrumentator's metrics, updated without its middleware.

`prometheus-fastapi-instrumentator` gives names, settings and the hooks of `add()`; its middleware
matches every route a second time and builds a `Request` and a `Response` for each request. Ours
keeps one resolved counter and histogram for each series and updates them in place.
"""

from collections.abc import Awaitable, Callable, Iterable
from time import monotonic
from typing import Any

from opentelemetry.trace import SpanContext, get_current_span
from prometheus_client import CollectorRegistry, Counter, Histogram
from prometheus_client.exposition import choose_encoder
from prometheus_fastapi_instrumentator import Instrumentator
from prometheus_fastapi_instrumentator.metrics import Info
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Scope

from sightline.telemetry import workers
from sightline.telemetry.errors import TelemetryError

# Fine around the usual objectives (100, 250, 300, 500 ms, 1 s): a quantile near them is true.
BUCKETS = (
    0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.75, 1.0, 2.5, 5.0, 10.0,
)  # fmt: skip
UNKNOWN = "none"  # the instrumentator's name for all paths no route knows
_EXEMPLAR_EVERY = 0.5  # seconds a bucket keeps its exemplar; far below any scrape interval


class _Families:
    """The two families of one registry; more apps in one process share them."""

    _of: "dict[int, _Families]" = {}  # noqa: RUF012 — the registry of registries

    def __init__(self, registry: CollectorRegistry, buckets: tuple[float, ...]) -> None:
        self.registry = registry
        self.total = Counter(
            "http_requests_total",
            "Total number of requests by method, status and handler.",
            ("handler", "method", "status"),
            registry=registry,
        )
        self.duration = Histogram(
            "http_request_duration_seconds",
            "Duration of HTTP requests in seconds, to the last byte of the response.",
            ("handler", "method"),
            buckets=buckets,
            registry=registry,
        )

    @classmethod
    def of(cls, registry: CollectorRegistry, buckets: tuple[float, ...]) -> "_Families":
        known = cls._of.get(id(registry))
        if known is None or known.registry is not registry:
            try:
                known = cls._of[id(registry)] = cls(registry, buckets)
            except ValueError as error:
                raise TelemetryError(
                    "http_requests_total is registered already; instead of"
                    " Instrumentator().instrument(app) use"
                    " instrument(app, instrumentator=Instrumentator())."
                ) from error
        return known


class _Series:
    """Counter and histogram of one series, and when each bucket last got an exemplar."""

    __slots__ = ("bounds", "count", "exemplars", "observe")

    def __init__(self, count: Callable[[], None], duration: Any, bounds: list[float]) -> None:
        self.count = count
        self.observe = duration.observe
        self.bounds = bounds
        self.exemplars = [0.0] * (len(bounds) + 1)


class RequestMetrics:
    def __init__(self, instrumentator: Instrumentator, buckets: Iterable[float]) -> None:
        self._families = _Families.of(instrumentator.registry, tuple(buckets))
        self._grouped = instrumentator.should_group_status_codes
        self._excluded = [pattern.search for pattern in instrumentator.excluded_handlers]
        self._skip_unknown = instrumentator.should_ignore_untemplated
        self.hooks = instrumentator.instrumentations
        self.async_hooks = instrumentator.async_instrumentations
        self._series: dict[tuple[str, str, str | int], _Series | None] = {}

    def observe(
        self, handler: str, method: str, status: int, seconds: float, span: SpanContext | None
    ) -> None:
        key = (handler, method, status)
        if key in self._series:
            series = self._series[key]
        else:
            series = self._resolve(handler, method, status)
        if series is None:
            return
        series.count()
        if span is None:
            series.observe(seconds)
            return
        now = monotonic()
        place = _bucket(series.bounds, seconds)
        if now - series.exemplars[place] < _EXEMPLAR_EVERY:
            series.observe(seconds)
            return
        series.exemplars[place] = now
        series.observe(seconds, exemplar_of(span))

    def _resolve(self, handler: str, method: str, status: int) -> _Series | None:
        key = (handler, method, status)
        hidden = any(search(handler) for search in self._excluded)
        if hidden or (handler == UNKNOWN and self._skip_unknown):
            self._series[key] = None
            return None
        shown = f"{status // 100}xx" if self._grouped else str(status)
        counter = self._families.total.labels(handler, method, shown)
        duration = self._families.duration.labels(handler, method)
        bounds = list(self._families.duration._kwargs["buckets"])  # noqa: SLF001 — no accessor
        series = _Series(counter.inc, duration, [b for b in bounds if b != float("inf")])
        self._series[key] = series
        return series

    async def call_hooks(
        self, scope: Scope, handler: str, status: int, headers: Any, seconds: float, first: float
    ) -> None:
        """The user's own metric functions, called as the instrumentator calls them."""
        info = Info(
            request=Request(scope),
            response=Response(headers=Headers(raw=list(headers)), status_code=status),
            method=scope["method"],
            modified_handler=handler,
            modified_status=f"{status // 100}xx" if self._grouped else str(status),
            modified_duration=seconds,
            modified_duration_without_streaming=first,
        )
        hooks: list[Callable[[Info], None]] = self.hooks
        for hook in hooks:
            hook(info)
        async_hooks: list[Callable[[Info], Awaitable[None]]] = self.async_hooks
        for async_hook in async_hooks:
            await async_hook(info)


def _bucket(bounds: list[float], seconds: float) -> int:
    for place, bound in enumerate(bounds):
        if seconds <= bound:
            return place
    return len(bounds)


def exemplar_of(span: SpanContext) -> dict[str, str]:
    return {"trace_id": f"{span.trace_id:032x}", "span_id": f"{span.span_id:016x}"}


def observe(child: Any, value: float) -> None:
    """Observes in a histogram, or increments a counter, with the current trace as exemplar."""
    act = child.observe if hasattr(child, "observe") else child.inc
    span = get_current_span().get_span_context()
    takes_exemplar = isinstance(child, Counter | Histogram)
    if takes_exemplar and span.is_valid and span.trace_flags.sampled:
        act(value, exemplar_of(span))
    else:
        act(value)


def expose(registry: CollectorRegistry, accept: str) -> Response:
    """All metrics, in OpenMetrics (with exemplars) if the scraper accepts it, else as text.

    Of all workers, where this process is one of several.
    """
    encode, content_type = choose_encoder(accept)
    return Response(encode(workers.combined() or registry), headers={"Content-Type": content_type})
