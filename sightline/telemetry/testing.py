"""Assert on your own telemetry: lines, spans and metrics in memory, no endpoint needed.

With pytest, put `pytest_plugins = ["sightline.telemetry.testing"]` in your top conftest.py:

    def test_an_order_is_traced(telemetry, client):
        client.post("/orders", json={...})
        assert telemetry.line("order.created")["order_id"] == 1
        assert telemetry.span("POST /orders").status.is_ok
        assert telemetry.metric("http_requests_total", handler="/orders", status="2xx") == 1

Without pytest, `with capture_telemetry() as telemetry: …` gives the same object.

- `lines`: the JSON lines as dicts, in order; `line(event)` the only one of that event.
- `spans`: ended spans (`ReadableSpan`, secrets already taken out); `span(name)` the only one.
- `metric(name, **labels)`: how much the matching series grew while the capture was open.
- `clear()` forgets all and takes the metrics as they are now for the new beginning.

While a capture is open nothing is written to standard output and nothing is sent. It does not
matter whether `instrument(app)` comes before or inside, nor how many apps there are.
`reset_telemetry()` lets the next `instrument()` read the environment anew.
"""

import contextlib
import importlib.util
import logging
from collections.abc import Iterator
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from prometheus_client import REGISTRY

from sightline.telemetry import taps
from sightline.telemetry.runtime import forget_runtime, runtime_or_none

__all__ = ["CapturedTelemetry", "capture_telemetry", "reset_telemetry"]

# FastAPI's TestClient says each request at INFO; that is the test's line, not the service's.
TESTCLIENT_LOGGER = "httpx2"

_Series = tuple[str, frozenset[tuple[str, str]]]


class CapturedTelemetry:
    def __init__(self) -> None:
        self._lines: list[dict[str, Any]] = []
        self._spans: list[ReadableSpan] = []
        self._before = _samples()
        self._after: dict[_Series, float] | None = None

    def close(self) -> None:
        self._after = _samples()

    # What the pump calls.

    def event(self, line: dict[str, Any]) -> None:
        self._lines.append(line)

    def span_ended(self, span: ReadableSpan) -> None:
        self._spans.append(span)

    # What tests ask.

    @property
    def lines(self) -> list[dict[str, Any]]:
        _flush()
        return list(self._lines)

    @property
    def spans(self) -> list[ReadableSpan]:
        _flush()
        return list(self._spans)

    def line(self, event: str) -> dict[str, Any]:
        found = [line for line in self.lines if line["event"] == event]
        seen = sorted({line["event"] for line in self.lines})
        _check_one(len(found), f"line {event!r}", seen)
        return found[0]

    def span(self, name: str) -> ReadableSpan:
        found = [span for span in self.spans if span.name == name]
        seen = sorted({span.name for span in self.spans})
        _check_one(len(found), f"span {name!r}", seen)
        return found[0]

    def metric(self, name: str, **labels: str) -> float:
        wanted = labels.items()
        return sum(
            value - self._before.get((series, pairs), 0.0)
            for (series, pairs), value in (self._after or _samples()).items()
            if series == name and wanted <= dict(pairs).items()
        )

    def clear(self) -> None:
        _flush()
        self._lines.clear()
        self._spans.clear()
        self._before = _samples()


def _check_one(found: int, what: str, seen: list[str]) -> None:
    if found != 1:
        raise AssertionError(f"expected one {what}, got {found}; captured: {seen}")


def _samples() -> dict[_Series, float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in REGISTRY.collect()
        for sample in family.samples
    }


def _flush() -> None:
    runtime = runtime_or_none()
    if runtime is not None:
        runtime.pump.flush()


@contextlib.contextmanager
def capture_telemetry() -> Iterator[CapturedTelemetry]:
    _flush()
    captured = CapturedTelemetry()
    taps.OPEN.append(captured)
    client = logging.getLogger(TESTCLIENT_LOGGER)
    level = client.level
    client.setLevel(logging.WARNING)
    try:
        yield captured
    finally:
        client.setLevel(level)
        _flush()
        captured.close()
        taps.OPEN.remove(captured)


def reset_telemetry() -> None:
    """The next request or `instrument()` reads the environment anew; what waits is not sent."""
    forget_runtime()


if importlib.util.find_spec("pytest") is not None:
    import pytest

    @pytest.fixture
    def telemetry() -> Iterator[CapturedTelemetry]:
        """Lines, spans and metrics of one test."""
        with capture_telemetry() as captured:
            yield captured
