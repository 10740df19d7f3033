"""Takes the secrets out of each log record before any handler shows or sends it."""

import logging
import threading
import traceback
from collections.abc import Mapping
from typing import Any

from payments import redaction

STANDARD = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class RedactionFilter(logging.Filter):
    """One for all handlers: the first to meet a record cleans it for the others."""

    def __init__(self) -> None:
        super().__init__()
        self._thread = threading.local()

    def filter(self, record: logging.LogRecord) -> bool:
        if getattr(self._thread, "cleaned", None) is not record:
            _clean(record)
            self._thread.cleaned = record
        return True


def _clean(record: logging.LogRecord) -> None:
    _clean_message(record)
    extra = {key: value for key, value in vars(record).items() if key not in STANDARD}
    vars(record).update(redaction.fields(extra))
    if record.exc_info:
        _clean_exception(record)
    if record.stack_info:
        record.stack_info = redaction.text(record.stack_info)


def _clean_message(record: logging.LogRecord) -> None:
    if isinstance(record.args, Mapping):
        record.args = redaction.fields(record.args)
    if isinstance(record.msg, dict) and not record.args:
        record.msg = redaction.fields(record.msg)
        return
    try:
        message = record.getMessage()
    except (TypeError, ValueError, KeyError):
        # Arguments that do not fit: the line is worth more than its form.
        message = f"{record.msg} {record.args}"
    record.msg, record.args = redaction.text(message), ()


def _clean_exception(record: logging.LogRecord) -> None:
    """As text, under the standard's names: handlers would format the error itself anew."""
    kind, error, trace = record.exc_info or (None, None, None)
    record.exc_info = None
    if kind is None:
        return
    stack = redaction.text("".join(traceback.format_exception(kind, error, trace))[-16_000:])
    record.exc_text = stack.rstrip("\n")
    attributes: dict[str, Any] = {
        "exception.type": kind.__name__,
        "exception.message": redaction.text(str(error)),
        "exception.stacktrace": stack,
    }
    vars(record).update(attributes)
