"""SQL spans for every SQLAlchemy engine, however early it was created, named by what they do.

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
from opentelemetry.trace import Span, get_tracer
from sqlalchemy import event
from sqlalchemy.engine import Engine

from sightline.telemetry.statements import operation_and_table

_SCOPE = "opentelemetry.instrumentation.sqlalchemy"
_traced: "weakref.WeakSet[Engine]" = weakref.WeakSet()


def trace_all_engines() -> None:
    if not event.contains(Engine, "engine_connect", _trace_engine):
        event.listen(Engine, "engine_connect", _trace_engine)
    _name_by_statement()


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


def _name_by_statement() -> None:
    tracer: Any = EngineTracer
    describe = tracer._set_db_client_span_attributes  # noqa: SLF001 — where it describes each span
    if describe is _Describe.ours:
        return

    def describe_and_name(
        self: Any, span: Span, statement: object, database: object, attributes: object
    ) -> None:
        describe(self, span, statement, database, attributes)
        _name(span, str(statement), self.vendor)

    _Describe.ours = tracer._set_db_client_span_attributes = describe_and_name  # noqa: SLF001 — same


class _Describe:
    ours: Any = None


def _name(span: Span, statement: str, system: str) -> None:
    operation, table = operation_and_table(statement)
    summary = " ".join(filter(None, (operation, table)))
    span.update_name(summary or system)
    if operation:
        span.set_attributes({"db.operation.name": operation, "db.query.summary": summary})
    if table:
        span.set_attribute("db.collection.name", table)
