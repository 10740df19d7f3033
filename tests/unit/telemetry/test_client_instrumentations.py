"""Installed client libraries make spans, however early they were imported."""

from collections.abc import Callable
from pathlib import Path

import httpx2
import pytest
import sqlalchemy
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode
from otlp_endpoint import Endpoint
from sqlalchemy import create_engine, text
from sqlalchemy.ext.asyncio import create_async_engine

from sightline.telemetry.client_instrumentations import activate_client_instrumentations
from sightline.telemetry.testing import CapturedTelemetry


def test_an_engine_made_before_instrument_has_spans(
    tmp_path: Path, make_app: Callable[..., FastAPI], telemetry: CapturedTelemetry
) -> None:
    engine = create_engine(f"sqlite:///{tmp_path}/shop.db")
    make_app()
    with engine.connect() as connection:
        connection.execute(text("SELECT 1 AS password_was_hunter2 WHERE 'x' = :x"), {"x": "y"})
    engine.dispose()
    spans = [span for span in telemetry.spans if span.kind is SpanKind.CLIENT]
    found = dict(spans[-1].attributes or {})
    assert found["db.system.name"] == "sqlite"
    assert "SELECT 1" in str(found["db.query.text"])
    assert len([span for span in spans if span.name.startswith("SELECT")]) == 1


def test_an_engine_made_after_it_has_each_span_once(
    tmp_path: Path, make_app: Callable[..., FastAPI], telemetry: CapturedTelemetry
) -> None:
    make_app()
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
        connection.execute(text("SELECT 2"))
    engine.dispose()
    assert len([span for span in telemetry.spans if span.name.startswith("SELECT")]) == 2


def test_a_statement_s_span_is_named_by_what_it_does(
    tmp_path: Path, make_app: Callable[..., FastAPI], telemetry: CapturedTelemetry
) -> None:
    make_app()
    activate_client_instrumentations()  # as by a second app: named once all the same
    engine = sqlalchemy.create_engine(f"sqlite:///{tmp_path}/shop.db")
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE baskets (id INTEGER)"))
        connection.execute(text("INSERT INTO baskets VALUES (:id)"), {"id": 7})
        with pytest.raises(sqlalchemy.exc.OperationalError):
            connection.execute(text("SELECT nothing FROM missing"))
    engine.dispose()
    spans = [span for span in telemetry.spans if span.kind is SpanKind.CLIENT]
    assert not [span.name for span in spans if str(tmp_path) in span.name]
    assert telemetry.span("SELECT missing").status.status_code is StatusCode.ERROR
    inserted = next(span for span in spans if span.name == "INSERT baskets")
    found = dict(inserted.attributes or {})
    assert found["db.operation.name"] == "INSERT"
    assert found["db.collection.name"] == "baskets"
    assert found["db.query.summary"] == "INSERT baskets"


def test_an_async_engine_is_traced_within_the_request(
    tmp_path: Path, app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    engine = create_async_engine(f"sqlite+aiosqlite:///{tmp_path}/shop.db")

    @app.get("/")
    async def handler() -> None:
        async with engine.connect() as connection:
            await connection.execute(text("SELECT 1"))
        await engine.dispose()

    client.get("/")
    server = telemetry.span("GET /")
    query = next(span for span in telemetry.spans if span.name.startswith("SELECT"))
    assert server.context is not None
    assert query.context is not None
    assert query.context.trace_id == server.context.trace_id


def test_a_call_by_http_carries_the_trace_and_hides_secrets(
    endpoint: Endpoint, make_app: Callable[..., FastAPI], telemetry: CapturedTelemetry
) -> None:
    make_app()
    with trace.get_tracer("shop").start_as_current_span("outer"):
        httpx2.post(f"{endpoint.url}/v1/traces?token=hunter2", content=b"")
    call = next(span for span in telemetry.spans if span.kind is SpanKind.CLIENT)
    found = dict(call.attributes or {})
    assert found["http.request.method"] == "POST"
    assert found["url.full"] == f"{endpoint.url}/v1/traces?token=[REDACTED]"
    sent = {key.lower(): value for key, value in endpoint.headers[0].items()}["traceparent"]
    assert call.context is not None
    assert f"{call.context.span_id:016x}" in sent


def test_instrumentations_can_be_disabled(
    monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., FastAPI]
) -> None:
    make_app()
    assert {"httpx2", "sqlalchemy", "threading"} <= set(activate_client_instrumentations())
    assert not {"fastapi", "asgi", "logging"} & set(activate_client_instrumentations())
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "httpx2, sqlalchemy")
    assert not {"httpx2", "sqlalchemy"} & set(activate_client_instrumentations())
    monkeypatch.setenv("OTEL_PYTHON_DISABLED_INSTRUMENTATIONS", "*")
    assert activate_client_instrumentations() == []
