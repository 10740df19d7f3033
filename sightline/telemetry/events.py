"""What one log line says, before it is written anywhere, and whose line it is."""

import traceback
from typing import Any, NamedTuple

from opentelemetry import context as otel_context
from opentelemetry._logs import SeverityNumber
from opentelemetry.trace import SpanContext, get_current_span

from sightline.telemetry.redaction import Redactor

# The request's id travels in OpenTelemetry's context, so that it goes wherever the span goes.
REQUEST_ID = otel_context.create_key("sightline.request_id")
# Set while a silent route (/health, /metrics) is served: no spans below it.
QUIET = otel_context.create_key("sightline.quiet")

_MARK = "__sightline_logged__"


class ErrorText(NamedTuple):
    kind: str
    message: str
    stack: str


class LogEvent(NamedTuple):
    timestamp: int
    level: int
    logger: str
    name: str
    request_id: str | None
    span: SpanContext | None
    fields: dict[str, Any]
    error: ErrorText | None = None


def current_ids() -> tuple[str | None, SpanContext | None]:
    context = otel_context.get_current()
    if not context:
        return None, None
    span = get_current_span(context).get_span_context()
    request_id = context.get(REQUEST_ID)
    return request_id, span if span.is_valid else None  # type: ignore[return-value]


def error_type(error: BaseException) -> str:
    kind = type(error)
    if kind.__module__ == "builtins":
        return kind.__qualname__
    return f"{kind.__module__}.{kind.__qualname__}"


def describe(error: BaseException, redactor: Redactor) -> ErrorText:
    stack = "".join(traceback.format_exception(error)).rstrip("\n")
    try:
        message = str(error)
    except Exception:  # noqa: BLE001 — a broken __str__ must not hide the error itself
        message = "<unprintable>"
    return ErrorText(error_type(error), redactor.text(message), redactor.text(stack))


def mark_logged(error: BaseException) -> None:
    """So that the server, which sees the same exception later, does not log it again."""
    try:
        setattr(error, _MARK, True)
    except (AttributeError, TypeError):
        return  # an exception with slots: logged twice rather than not at all


def is_logged(error: BaseException | None) -> bool:
    return getattr(error, _MARK, False)


def python_level(severity: SeverityNumber | None) -> int:
    """OpenTelemetry's severity in Python's terms."""
    if severity is None or severity is SeverityNumber.UNSPECIFIED:
        return 20
    return min((int(severity.value) - 1) // 4, 5) * 10
