"""Where tests listen: while a tap is open, records come here and go nowhere else."""

from typing import Any, Protocol

from opentelemetry.sdk.trace import ReadableSpan


class Tap(Protocol):
    def event(self, line: dict[str, Any]) -> None: ...

    def span_ended(self, span: ReadableSpan) -> None: ...


OPEN: list[Tap] = []
