"""`instrument(app)`: puts the middleware around an app and starts what the process shares."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from prometheus_fastapi_instrumentator import Instrumentator
from starlette.types import ASGIApp

from sightline.telemetry.metrics import BUCKETS, RequestMetrics
from sightline.telemetry.middleware import TelemetryMiddleware
from sightline.telemetry.routes import silence_native_telemetry
from sightline.telemetry.runtime import build_runtime, current_runtime, ensure_runtime

SILENT_PATHS = ("/health", "/metrics")
_MARK = "_sightline_instrumented"


def instrument(
    app: FastAPI,
    *,
    service_name: str | None = None,
    resource: Mapping[str, str] | None = None,
    redact_keys: Iterable[str] = (),
    silent_paths: Sequence[str] = SILENT_PATHS,
    instrumentator: Instrumentator | None = None,
    buckets: Sequence[float] = BUCKETS,
) -> None:
    """Instruments `app`; a second call for the same app changes nothing.

    `service_name`, `resource` fill what OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES leave open.
    `instrumentator` brings your own settings and metric functions (`Instrumentator().add(…)`).
    """
    if getattr(app, _MARK, False):
        return
    given = {"service.version": app.version, **(resource or {})}
    ensure_runtime(lambda: build_runtime(service_name, given, tuple(redact_keys)))
    silence_native_telemetry(app)
    _wrap(app, instrumentator or Instrumentator(), frozenset(silent_paths), buckets)
    setattr(app, _MARK, True)


def _wrap(
    app: Any, instrumentator: Instrumentator, silent: frozenset[str], buckets: Sequence[float]
) -> None:
    """Around the whole stack, so that also the answer to an unhandled exception has its id."""
    metrics = RequestMetrics(instrumentator, buckets)
    build = app.build_middleware_stack

    def build_with_telemetry() -> ASGIApp:
        own = any(getattr(route, "path", None) == "/metrics" for route in app.routes)
        return TelemetryMiddleware(
            build(),
            owner=app,
            runtime=current_runtime,
            metrics=metrics,
            registry=instrumentator.registry,
            silent=silent,
            metrics_path=None if own else "/metrics",
        )

    app.build_middleware_stack = build_with_telemetry
    if app.middleware_stack is not None:
        app.middleware_stack = app.build_middleware_stack()
