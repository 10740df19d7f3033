"""`instrument(app)`: puts the middleware around an app and starts what the process shares."""

import atexit
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fastapi import FastAPI
from prometheus_client import REGISTRY
from prometheus_fastapi_instrumentator import Instrumentator
from starlette.types import ASGIApp

from sightline.telemetry import workers
from sightline.telemetry.client_instrumentations import activate_client_instrumentations
from sightline.telemetry.logs import install_logging
from sightline.telemetry.metrics import BUCKETS, RequestMetrics
from sightline.telemetry.middleware import TelemetryMiddleware
from sightline.telemetry.resource import describe_process
from sightline.telemetry.routes import silence_native_telemetry
from sightline.telemetry.runtime import (
    Runtime,
    current_runtime,
    outboxes,
    runtime_or_none,
    start_runtime,
)
from sightline.telemetry.self_metrics import TelemetryCollector
from sightline.telemetry.settings import read_settings

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
    What is the process's (all but paths and metrics) is settled by the first call.
    """
    if getattr(app, _MARK, False):
        return
    if runtime_or_none() is None:
        given = {"service.version": app.version, **(resource or {})}
        _start_process(service_name, given, tuple(redact_keys))
    silence_native_telemetry(app)
    instrumentator = instrumentator or Instrumentator()
    workers.join(REGISTRY)
    workers.join(instrumentator.registry)
    _wrap(app, instrumentator, frozenset(silent_paths), buckets)
    setattr(app, _MARK, True)


def _start_process(
    service_name: str | None, resource: Mapping[str, str], redact_keys: tuple[str, ...]
) -> None:
    def begin() -> Runtime:
        return Runtime(read_settings(redact_keys), describe_process(service_name, resource))

    start_runtime(begin, _install)
    _once_for_the_process()


def _install(runtime: Runtime) -> None:
    install_logging(lambda: current_runtime().sink, runtime.settings.level)
    if not runtime.settings.disabled:
        activate_client_instrumentations()


class _Done:
    process = False


def _once_for_the_process() -> None:
    if not _Done.process:
        _Done.process = True
        REGISTRY.register(TelemetryCollector(outboxes))
        atexit.register(_end)


def _end() -> None:
    runtime = runtime_or_none()
    if runtime is not None:
        runtime.end()


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
