"""The viewer's own log lines, in which nothing that a sender wrote can steer a terminal."""

import logging

_ESCAPES = {code: repr(chr(code))[1:-1] for code in (*range(32), *range(127, 160))}
_WITHIN_TRACEBACKS = {code: text for code, text in _ESCAPES.items() if chr(code) != "\n"}


class Formatter(logging.Formatter):
    """Control characters stand as their escapes; a message is one line."""

    def format(self, record: logging.LogRecord) -> str:
        return super().format(record).translate(_WITHIN_TRACEBACKS)

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 — logging's own name
        return super().formatMessage(record).translate(_ESCAPES)


def configure() -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(Formatter("%(levelname)s %(name)s %(message)s"))
    logging.basicConfig(level=logging.WARNING, handlers=[handler])
