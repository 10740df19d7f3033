"""One way out for structlog's events and for every line of the standard library's logging."""

import importlib
import importlib.util
import logging
import sys
from collections.abc import Callable, Mapping
from time import time_ns
from typing import Any

import structlog
from opentelemetry import context as otel_context
from opentelemetry.context import _SUPPRESS_INSTRUMENTATION_KEY
from structlog.contextvars import get_contextvars

from sightline.telemetry.events import LogEvent, current_ids, describe, is_logged
from sightline.telemetry.redaction import Redactor

Emit = Callable[[LogEvent], None]

_RECORD_FIELDS = frozenset(logging.makeLogRecord({}).__dict__) | {
    "message",
    "asctime",
    "taskName",
    "color_message",  # uvicorn's second copy of its message
}
_METHODS = {
    "debug": 10, "info": 20, "msg": 20, "warning": 30, "warn": 30,
    "error": 40, "err": 40, "exception": 40, "critical": 50, "fatal": 50, "failure": 40,
}  # fmt: skip


class EventSink:
    """Turns what was logged into events: ids of the moment added, secrets taken out, copied."""

    def __init__(self, redactor: Redactor, emit: Emit, level: int) -> None:
        self._redactor = redactor
        self._emit = emit
        self.level = level

    def write(
        self, level: int, logger: str, name: object, fields: Mapping[str, Any],
        error: BaseException | None = None,
    ) -> None:  # fmt: skip
        request_id, span = current_ids()
        redactor = self._redactor
        text = name if type(name) is str else str(name)
        self._emit(
            LogEvent(
                time_ns(), level, logger, redactor.text(text), request_id, span,
                redactor.fields(fields),
                describe(error, redactor) if error is not None else None,
            )
        )  # fmt: skip

    def say(self, level: int, name: str, fields: Mapping[str, Any]) -> None:
        """Telemetry's own words; they belong to no request."""
        if level >= self.level:
            clean = self._redactor.fields(fields)
            self._emit(LogEvent(time_ns(), level, "sightline.telemetry", name, None, None, clean))


class EventLogger:
    """What structlog's bound loggers write to: one for each name."""

    def __init__(self, name: str, sink: Callable[[], EventSink]) -> None:
        self.name = name
        self._sink = sink

    def _write(self, level: int, event: object, fields: dict[str, Any]) -> None:
        sink = self._sink()
        if level < sink.level:
            return
        error = _exception(fields.pop("exc_info", None))
        if fields.pop("stack_info", None):
            fields["stack"] = _caller_stack()
        bound = get_contextvars()
        sink.write(level, self.name, event, {**bound, **fields} if bound else fields, error)


def _method(level: int) -> Callable[..., None]:
    def write(self: EventLogger, event: object = None, /, **fields: Any) -> None:
        self._write(level, fields.pop("event", event), fields)

    return write


for _name, _level in _METHODS.items():
    setattr(EventLogger, _name, _method(_level))


def _exception(exc_info: Any) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        return exc_info[1]  # type: ignore[no-any-return]
    return sys.exc_info()[1] if exc_info else None


def _caller_stack() -> str:
    import traceback  # noqa: PLC0415 — only for the rare stack_info=True

    return "".join(traceback.format_stack()[:-4]).rstrip("\n")


class EventHandler(logging.Handler):
    """Standard logging's lines as events: the message is the event, `extra` are its fields."""

    def __init__(self, sink: Callable[[], EventSink]) -> None:
        super().__init__()
        self._sink = sink

    def handle(self, record: logging.LogRecord) -> bool | logging.LogRecord:  # type: ignore[override]  # bool alone before Python 3.12
        """Without logging's lock: an event is handed over by one append."""
        kept = self.filter(record)
        if kept:
            self.emit(kept if isinstance(kept, logging.LogRecord) else record)
        return kept

    def emit(self, record: logging.LogRecord) -> None:
        if otel_context.get_value(_SUPPRESS_INSTRUMENTATION_KEY) and record.levelno < logging.ERROR:
            return  # the exporter's own traffic must not feed the exporter
        error = record.exc_info[1] if record.exc_info else None
        if record.name == "uvicorn.error" and is_logged(error):
            return
        fields = {k: v for k, v in record.__dict__.items() if k not in _RECORD_FIELDS}
        if record.stack_info:
            fields["stack"] = record.stack_info
        bound = get_contextvars()
        self._sink().write(
            record.levelno,
            record.name,
            _message(record),
            {**bound, **fields} if bound else fields,
            error,
        )


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage().rstrip()
    except Exception as error:  # noqa: BLE001 — wrong %-arguments must not break the caller
        return f"{record.msg} (arguments that do not fit: {type(error).__name__})"


class _LoggerFactory:
    """`structlog.get_logger()` without a name gets that of the calling module."""

    def __init__(self, sink: Callable[[], EventSink]) -> None:
        self._sink = sink

    def __call__(self, *args: Any) -> EventLogger:
        return EventLogger(str(args[0]) if args else _calling_module(), self._sink)


def _calling_module() -> str:
    frame = sys._getframe(2)  # noqa: SLF001 — the interpreter's documented way to the caller
    while frame is not None:
        name = frame.f_globals.get("__name__", "")
        if not name.startswith(("structlog.", "sightline.telemetry.logs")):
            return str(name)
        frame = frame.f_back  # type: ignore[assignment]
    return "root"


def install_logging(sink: Callable[[], EventSink], level: int) -> None:
    structlog.configure(
        processors=[],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        context_class=dict,
        logger_factory=_LoggerFactory(sink),
        cache_logger_on_first_use=True,
    )
    root = logging.getLogger()
    for handler in root.handlers[:]:
        if isinstance(handler, EventHandler) or _writes_to_console(handler):
            root.removeHandler(handler)
    root.addHandler(EventHandler(sink))
    root.setLevel(level)
    logging.captureWarnings(capture=True)
    _bring_home_loggers()
    take_over_uvicorn()


def _bring_home_loggers() -> None:
    """A logger that was given a console handler of its own writes through the root's, like all."""
    for logger in list(logging.Logger.manager.loggerDict.values()):
        if not isinstance(logger, logging.Logger):
            continue  # the place of one that nobody has asked for
        own = [handler for handler in logger.handlers if _writes_to_console(handler)]
        for handler in own:
            logger.removeHandler(handler)
        if own:
            logger.propagate = True


def _writes_to_console(handler: logging.Handler) -> bool:
    """A line that goes to the console already must not be there twice; files stay as they are."""
    return type(handler) is logging.StreamHandler and handler.stream in {
        sys.stdout, sys.stderr, sys.__stdout__, sys.__stderr__,
    }  # fmt: skip


def take_over_uvicorn() -> None:
    """uvicorn configures its loggers itself, before it imports the app or after `instrument`.

    Its lines go our way; its access log is replaced by ours. `--log-level` is respected:
    uvicorn then sets the level of `uvicorn.asgi` too, which tells it from the default.
    """
    chosen = logging.getLogger("uvicorn.asgi").level != logging.NOTSET
    for name in ("uvicorn", "uvicorn.error"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
        if not chosen:
            logger.setLevel(logging.NOTSET)
    access = logging.getLogger("uvicorn.access")
    access.handlers = []
    access.propagate = False
    _preset_uvicorn()


def _preset_uvicorn() -> None:
    """For `uvicorn.run(app)` after `instrument(app)`: the configuration it is about to apply."""
    if importlib.util.find_spec("uvicorn") is None:
        return
    config = importlib.import_module("uvicorn.config")
    config.LOGGING_CONFIG["loggers"] = {
        "uvicorn": {"handlers": [], "level": "NOTSET", "propagate": True},
        "uvicorn.error": {"level": "NOTSET"},
        "uvicorn.access": {"handlers": [], "level": "INFO", "propagate": False},
    }
