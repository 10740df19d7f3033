"""Activates the installed client instrumentations: HTTP clients, databases, threads."""

import logging
import os
from importlib.metadata import EntryPoint, entry_points

from opentelemetry.instrumentation.dependencies import get_dist_dependency_conflicts

from sightline.telemetry.threads import follow_subclasses

_logger = logging.getLogger("sightline.telemetry")

# The server's span and the log lines are ours; these would make second ones.
_NOT_CLIENTS = frozenset(
    {
        "aiohttp-server", "asgi", "django", "falcon", "fastapi", "flask", "logging", "pyramid",
        "starlette", "tornado", "wsgi", "system_metrics",
    }
)  # fmt: skip


def activate_client_instrumentations() -> list[str]:
    os.environ.setdefault("OTEL_SEMCONV_STABILITY_OPT_IN", "http,database")
    disabled = {
        name.strip()
        for name in os.environ.get("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "").split(",")
    }
    if "*" in disabled:
        return []
    skipped = _NOT_CLIENTS | disabled
    found = sorted(entry_points(group="opentelemetry_instrumentor"), key=lambda entry: entry.name)
    return [entry.name for entry in found if entry.name not in skipped and _activate(entry)]


def _trace_early_engines() -> None:
    from sightline.telemetry.engines import trace_all_engines  # noqa: PLC0415 — SQLAlchemy is optional

    trace_all_engines()


def _nothing() -> None:
    """Complete as it is."""


# What OpenTelemetry's own leaves out.
_COMPLETIONS = {"sqlalchemy": _trace_early_engines, "threading": follow_subclasses}


def _activate(entry: EntryPoint) -> bool:
    try:
        if entry.dist is not None and get_dist_dependency_conflicts(entry.dist):
            return False  # the library it instruments is absent, or of another version
        instrumentor = entry.load()()
        if not instrumentor.is_instrumented_by_opentelemetry:
            instrumentor.instrument(skip_dep_check=True)
        _COMPLETIONS.get(entry.name, _nothing)()
    except ModuleNotFoundError:
        return False  # installed for a library that is not
    except Exception as error:  # noqa: BLE001 — somebody else's instrumentation must not stop the service
        _logger.warning(
            "telemetry.instrumentation_failed",
            extra={"instrumentation": entry.name, "error": f"{type(error).__name__}: {error}"},
        )
        return False
    return True
