"""SQL spans for every SQLAlchemy engine, however early it was created or its maker imported.

The instrumentation replaces `create_engine` where it is defined; a module that imported the name
before `instrument(app)` still makes engines without spans. Those are found at their first
connection.
"""

import weakref
from typing import Any

from opentelemetry.instrumentation.sqlalchemy.engine import EngineTracer
from opentelemetry.instrumentation.sqlalchemy.version import __version__
from opentelemetry.metrics import get_meter
from opentelemetry.semconv.metrics import MetricInstruments
from opentelemetry.trace import get_tracer
from sqlalchemy import event
from sqlalchemy.engine import Engine

_SCOPE = "opentelemetry.instrumentation.sqlalchemy"
_traced: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def trace_all_engines() -> None:
    if not event.contains(Engine, "engine_connect", _trace_engine):
        event.listen(Engine, "engine_connect", _trace_engine)


def _trace_engine(connection: Any) -> None:
    engine = connection.engine
    if engine in _traced:
        return
    _traced.add(engine)
    known = EngineTracer._remove_event_listener_params  # noqa: SLF001 — the only list of traced engines
    if any(reference() is engine for reference, *_ in known):
        return
    usage = get_meter(_SCOPE, __version__).create_up_down_counter(
        MetricInstruments.DB_CLIENT_CONNECTIONS_USAGE
    )
    trace: Any = EngineTracer  # untyped
    trace(get_tracer(_SCOPE, __version__), engine, usage)
