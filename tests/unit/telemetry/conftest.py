"""An app that has everything telemetry must follow, and an endpoint that keeps what it is sent."""

import os
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from otlp_endpoint import Endpoint

from sightline.telemetry import instrument
from sightline.telemetry.testing import CapturedTelemetry, reset_telemetry, telemetry

__all__ = ["telemetry"]


@pytest.fixture(autouse=True)
def fresh_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Each test reads the environment anew, and leaves nothing that later tests would read."""
    for name in list(os.environ):
        if name.startswith(("OTEL_", "LOG_", "SIGHTLINE_")):
            monkeypatch.delenv(name)
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop")
    reset_telemetry()
    yield
    monkeypatch.undo()
    reset_telemetry()


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def make_app() -> Callable[..., FastAPI]:
    def make(**settings: Any) -> FastAPI:
        app = FastAPI()
        instrument(app, **settings)
        return app

    return make


@pytest.fixture
def app(make_app: Callable[..., FastAPI]) -> FastAPI:
    return make_app()


@pytest.fixture
def client(app: FastAPI, telemetry: CapturedTelemetry) -> TestClient:
    return TestClient(app, raise_server_exceptions=False)


@pytest.fixture
def endpoint(monkeypatch: pytest.MonkeyPatch) -> Iterator[Endpoint]:
    endpoint = Endpoint()
    endpoint.start()
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.url)
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
    monkeypatch.setenv("OTEL_BLRP_SCHEDULE_DELAY", "50")
    yield endpoint
    endpoint.stop()
