"""The full template of the route that served a request, mounted applications included.

FastAPI notes the chosen route, mounts and routers resolved, on what it finds in the scope under
`fastapi.telemetry`: its own native telemetry, or ours. Ours being there also keeps the native one
out of this application and of those mounted in it: one server span for each request.
"""

from typing import Any

from fastapi.telemetry._api import _RequestTelemetry
from prometheus_fastapi_instrumentator import routing
from starlette.types import Scope

ROUTE_KEY = "fastapi.telemetry"
_OPAQUE = "/{path}"


def new_probe() -> _RequestTelemetry:
    return _RequestTelemetry(span=None, span_method="", data=None)


def resolve_route(scope: Scope, owner: Any) -> str | None:
    probe: _RequestTelemetry | None = scope.get(ROUTE_KEY)
    if probe is None:
        return None
    route = probe.route
    if route is None or not route.endswith(_OPAQUE):
        return route
    if route != probe._mount_prefix + _OPAQUE:  # noqa: SLF001 — where FastAPI notes the mount
        return route
    # Mounted, and what is mounted there is not FastAPI's or knows no such path: match once more.
    outer = {**scope, "app": owner, "root_path": scope.get("app_root_path", "")}
    return routing._get_route_name(outer, owner.routes)  # noqa: SLF001 — the public one answers unknown paths with themselves


def silence_native_telemetry(app: Any) -> None:
    """FastAPI starts its own spans and metrics once a global provider is there; ours are enough."""
    app._telemetry.update(  # noqa: SLF001 — `FastAPI(telemetry=…)` afterwards
        tracing=False, metrics=False, logs=False, operation_spans=False, auto_configure=False
    )
