"""The testing helpers do what their docstring promises."""

from collections.abc import Callable

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient

from sightline.telemetry.testing import CapturedTelemetry, capture_telemetry


def test_a_capture_can_begin_before_or_after_instrument(make_app: Callable[..., FastAPI]) -> None:
    with capture_telemetry() as before:
        app = make_app()
        TestClient(app).get("/nowhere")
    with capture_telemetry() as after:
        TestClient(app).get("/nowhere")
    for captured in (before, after):
        assert captured.line("http.request")["status"] == 404
        assert captured.span("GET").attributes is not None
        assert captured.metric("http_requests_total", handler="none", status="4xx") == 1


def test_two_apps_in_one_process_are_both_observed(
    make_app: Callable[..., FastAPI], telemetry: CapturedTelemetry
) -> None:
    for _ in range(2):
        TestClient(make_app()).get("/nowhere")
    assert len(telemetry.lines) == 2
    assert telemetry.metric("http_requests_total", handler="none") == 2


def test_clear_forgets_all(client: TestClient, telemetry: CapturedTelemetry) -> None:
    client.get("/nowhere")
    telemetry.clear()
    assert (telemetry.lines, telemetry.spans, telemetry.metric("http_requests_total")) == (
        [],
        [],
        0,
    )


def test_what_is_missing_or_double_is_said_with_what_was_seen(
    client: TestClient, telemetry: CapturedTelemetry
) -> None:
    client.get("/nowhere")
    client.get("/nowhere")
    with pytest.raises(
        AssertionError, match=r"expected one line 'order.created', got 0; .*http.request"
    ):
        telemetry.line("order.created")
    with pytest.raises(AssertionError, match="expected one span 'GET', got 2"):
        telemetry.span("GET")


def test_nothing_is_written_while_a_capture_is_open(
    app: FastAPI, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    assert app
    with capture_telemetry() as captured:
        structlog.get_logger("shop").error("captured")
    structlog.get_logger("shop").error("written")
    out = capfdbinary.readouterr().out
    assert b"written" in out
    assert b"captured" not in out
    assert captured.line("captured")
