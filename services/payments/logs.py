"""Every line of stdlib logging as one JSON object with the contract's field names, on stdout."""

import logging
import sys
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any

from opentelemetry import trace
from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from payments.records import RedactionFilter

SERVICE = "payments"
# uvicorn's copy of its own message, with colours; and what `exception` holds already
UNSHOWN = ("color_message", "exception.type", "exception.message", "exception.stacktrace")
request_id: ContextVar[str | None] = ContextVar("request_id", default=None)


class ContractFormatter(JsonFormatter):
    """timestamp, level, logger, event, service, request_id, trace_id, span_id, then the rest."""

    def __init__(self) -> None:
        super().__init__(
            [],
            rename_fields={"exc_info": "exception"},
            reserved_attrs=[*RESERVED_ATTRS, *UNSHOWN],
        )

    def add_fields(
        self,
        log_data: dict[str, Any],
        record: logging.LogRecord,
        message_dict: dict[str, Any],
    ) -> None:
        context = trace.get_current_span().get_span_context()
        log_data["timestamp"] = _timestamp(record)
        log_data["level"] = record.levelname.lower()
        log_data["logger"] = record.name
        log_data["event"] = record.getMessage()
        log_data["service"] = SERVICE
        log_data["request_id"] = request_id.get()
        log_data["trace_id"] = trace.format_trace_id(context.trace_id) if context.is_valid else None
        log_data["span_id"] = trace.format_span_id(context.span_id) if context.is_valid else None
        super().add_fields(log_data, record, message_dict)


class OnceFilter(logging.Filter):
    """Lets the first complaint of the telemetry's own exporters through, and no other."""

    def __init__(self) -> None:
        super().__init__()
        self._complained = False

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("opentelemetry.") or record.levelno < logging.WARNING:
            return True
        complained, self._complained = self._complained, True
        return not complained


def configure(level: int) -> None:
    """Before the server starts, so that its very first line is JSON too."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(ContractFormatter())
    handler.addFilter(OnceFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    redaction = RedactionFilter()
    for each in root.handlers:  # the OTLP handler of opentelemetry-instrument among them
        each.addFilter(redaction)
    root.setLevel(level)
    logging.getLogger("opentelemetry").setLevel(max(level, logging.WARNING))
    _carry_request_id()


def _carry_request_id() -> None:
    """Put the request id on the record itself, where the OTLP handler finds it too."""
    make = logging.getLogRecordFactory()

    def with_request_id(*args: Any, **kwargs: Any) -> logging.LogRecord:
        record = make(*args, **kwargs)
        if current := request_id.get():
            record.request_id = current
        return record

    logging.setLogRecordFactory(with_request_id)


def _timestamp(record: logging.LogRecord) -> str:
    moment = datetime.fromtimestamp(record.created, UTC)
    return moment.isoformat(timespec="microseconds").replace("+00:00", "Z")
