"""What reaches the endpoint, and what happens while it does not answer."""

import json
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2, logs_service_pb2_grpc
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2, trace_service_pb2_grpc
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from otlp_endpoint import Endpoint

from sightline.telemetry.runtime import current_runtime

Predicate = Callable[[], Any]


def eventually(predicate: Predicate, seconds: float = 10) -> None:
    deadline = time.monotonic() + seconds
    while not predicate():
        assert time.monotonic() < deadline, "did not happen in time"
        time.sleep(0.01)


@pytest.fixture
def shop(endpoint: Endpoint, make_app: Callable[..., FastAPI]) -> TestClient:
    assert endpoint
    return TestClient(with_route(make_app()))


def with_route(app: FastAPI) -> FastAPI:
    @app.get("/orders/{order_id}")
    async def read(order_id: int) -> int:
        structlog.get_logger("shop").info("order.read", order_id=order_id, password="hunter2")
        with trace.get_tracer("shop").start_as_current_span("look.up") as span:
            span.set_attribute("token", "hunter2")
        return order_id

    return app


def attributes(record: Any) -> dict[str, Any]:
    return {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in record.attributes
    }


def test_spans_arrive(shop: TestClient, endpoint: Endpoint) -> None:
    shop.get("/orders/7?page=2", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    eventually(lambda: len(endpoint.spans) == 2)
    spans = {span.name: span for span in endpoint.spans}
    server, inner = spans["GET /orders/{order_id}"], spans["look.up"]
    assert server.trace_id.hex() == "a" * 32
    assert server.parent_span_id.hex() == "b" * 16
    assert inner.parent_span_id == server.span_id
    assert server.kind == 2
    assert server.end_time_unix_nano > server.start_time_unix_nano > 0
    assert attributes(server)["http.response.status_code"] == 200
    assert attributes(server)["url.query"] == "page=2"
    assert attributes(inner)["token"] == "[REDACTED]"
    assert endpoint.resources[0]["service.name"] == "shop"
    assert endpoint.resources[0]["service.instance.id"]
    assert endpoint.resources[0]["telemetry.sdk.language"] == "python"


def test_log_records_arrive_with_body_fields_and_ids(shop: TestClient, endpoint: Endpoint) -> None:
    answer = shop.get("/orders/7")
    eventually(lambda: any(r.body.string_value == "http.request" for r in endpoint.logs))
    record = next(r for r in endpoint.logs if r.body.string_value == "order.read")
    access = next(r for r in endpoint.logs if r.body.string_value == "http.request")
    assert attributes(record) == {
        "order_id": 7,
        "password": "[REDACTED]",
        "request_id": answer.headers["x-request-id"],
    }
    assert (record.severity_number, record.severity_text) == (9, "INFO")
    assert record.trace_id == access.trace_id
    assert len(record.span_id) == 8
    assert attributes(access)["status"] == 200


def test_an_exception_arrives_by_the_conventions(shop: TestClient, endpoint: Endpoint) -> None:
    structlog.get_logger("shop").error("failed", exc_info=ValueError("token=abc broke"))
    eventually(lambda: any(r.body.string_value == "failed" for r in endpoint.logs))
    found = attributes(next(r for r in endpoint.logs if r.body.string_value == "failed"))
    assert found["exception.type"] == "ValueError"
    assert found["exception.message"] == "token=[REDACTED] broke"
    assert found["exception.stacktrace"] == "ValueError: token=[REDACTED] broke"
    assert shop


def test_what_waits_is_sent_when_the_app_ends(
    endpoint: Endpoint, make_app: Callable[..., FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "60000")
    monkeypatch.setenv("OTEL_BLRP_SCHEDULE_DELAY", "60000")
    with TestClient(with_route(make_app())) as client:
        client.get("/orders/1")
        assert endpoint.spans == []
    assert len(endpoint.spans) == 2
    assert "http.request" in {record.body.string_value for record in endpoint.logs}


def test_headers_and_compression_of_the_environment_are_used(
    endpoint: Endpoint, make_app: Callable[..., FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=acme")
    monkeypatch.setenv("OTEL_LOGS_EXPORTER", "none")
    TestClient(with_route(make_app())).get("/orders/1")
    eventually(lambda: endpoint.headers)
    assert endpoint.headers[0]["x-tenant"] == "acme"
    assert endpoint.logs == []


def test_while_the_endpoint_is_away_it_is_said_once_and_all_is_sent_when_it_is_back(
    shop: TestClient, endpoint: Endpoint, capfdbinary: pytest.CaptureFixture[bytes]
) -> None:
    endpoint.stop()
    for number in range(20):
        assert shop.get(f"/orders/{number}").status_code == 200
    traces = current_runtime().traces
    assert traces is not None
    eventually(lambda: traces.failures >= 3)
    endpoint.start()
    eventually(lambda: len(endpoint.spans) == 40)
    eventually(lambda: sum(r.body.string_value == "order.read" for r in endpoint.logs) == 20)
    current_runtime().flush()
    lines = [json.loads(line) for line in capfdbinary.readouterr().out.splitlines()]
    said = [line["event"] for line in lines if line["logger"] == "sightline.telemetry"]
    assert said == ["telemetry.endpoint_away", "telemetry.endpoint_back"]
    assert sum(line["event"] == "http.request" for line in lines) == 20
    away = next(line for line in lines if line["event"] == "telemetry.endpoint_away")
    assert (away["level"], away["endpoint"]) == ("warning", endpoint.url)
    assert away["reason"] == "Connection refused"


def test_a_full_queue_drops_the_oldest_and_counts_them(
    endpoint: Endpoint, make_app: Callable[..., FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_BLRP_MAX_QUEUE_SIZE", "10")
    monkeypatch.setenv("OTEL_TRACES_EXPORTER", "none")
    endpoint.stop()
    assert make_app()
    logs = current_runtime().logs
    assert logs is not None
    structlog.get_logger("shop").info("first")
    eventually(lambda: logs.failures)
    for number in range(30):
        structlog.get_logger("shop").info("said", number=number)
    current_runtime().pump.flush()
    assert logs.size == 10
    assert logs.dropped >= 20
    endpoint.start()
    eventually(lambda: not logs.size)
    numbers = [attributes(r).get("number") for r in endpoint.logs]
    assert 29 in numbers
    assert 0 not in numbers


def test_refused_records_are_dropped_and_counted_and_the_next_go_on(
    shop: TestClient, endpoint: Endpoint
) -> None:
    traces = current_runtime().traces
    assert traces is not None
    endpoint.status = 400
    shop.get("/orders/1")
    eventually(lambda: traces.dropped == 2)
    endpoint.status = 200
    shop.get("/orders/2")
    eventually(lambda: len(endpoint.spans) == 2)


def test_a_busy_endpoint_is_tried_again(shop: TestClient, endpoint: Endpoint) -> None:
    endpoint.status = 503
    traces = current_runtime().traces
    assert traces is not None
    shop.get("/orders/1")
    eventually(lambda: traces.failures)
    endpoint.status = 200
    eventually(lambda: len(endpoint.spans) == 2)
    assert traces.dropped == 0


def test_an_endpoint_that_takes_and_never_answers_does_not_hold_the_end(
    make_app: Callable[..., FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv(
            "OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{silent.getsockname()[1]}"
        )
        with TestClient(with_route(make_app())) as client:
            client.get("/orders/1")
            start = time.monotonic()
        assert time.monotonic() - start < 5


def test_many_threads_lose_nothing(shop: TestClient, endpoint: Endpoint) -> None:
    assert shop
    log = structlog.get_logger("shop")

    def write(number: int) -> None:
        for part in range(200):
            log.info("said", number=number, part=part)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    eventually(lambda: sum(r.body.string_value == "said" for r in endpoint.logs) == 1_600)


def test_an_exporter_of_the_users_own_sees_the_server_span_too(
    app: FastAPI, client: TestClient
) -> None:
    provider, kept = trace.get_tracer_provider(), InMemorySpanExporter()
    assert isinstance(provider, TracerProvider)
    provider.add_span_processor(SimpleSpanProcessor(kept))
    try:
        with_route(app)
        client.get("/orders/7")
        current_runtime().pump.flush()
        names = {span.name for span in kept.get_finished_spans()}
        assert names == {"look.up", "GET /orders/{order_id}"}
    finally:
        active = provider._active_span_processor
        active._span_processors = active._span_processors[:-1]


class _Traces(trace_service_pb2_grpc.TraceServiceServicer):
    def __init__(self) -> None:
        self.got: list[Any] = []
        self.metadata: dict[str, str] = {}

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802 — gRPC's name
        self.metadata = dict(context.invocation_metadata())
        self.got += [s for r in request.resource_spans for g in r.scope_spans for s in g.spans]
        return trace_service_pb2.ExportTraceServiceResponse()


class _Logs(logs_service_pb2_grpc.LogsServiceServicer):
    def __init__(self) -> None:
        self.got: list[Any] = []

    def Export(self, request: Any, context: Any) -> Any:  # noqa: N802, ARG002 — gRPC's names
        self.got += [r for g in request.resource_logs for s in g.scope_logs for r in s.log_records]
        return logs_service_pb2.ExportLogsServiceResponse()


def test_grpc_carries_both_signals(
    make_app: Callable[..., FastAPI], monkeypatch: pytest.MonkeyPatch
) -> None:
    server, traces, logs = grpc.server(ThreadPoolExecutor(2)), _Traces(), _Logs()
    trace_service_pb2_grpc.add_TraceServiceServicer_to_server(traces, server)
    logs_service_pb2_grpc.add_LogsServiceServicer_to_server(logs, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    try:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_PROTOCOL", "grpc")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-tenant=acme")
        monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "50")
        monkeypatch.setenv("OTEL_BLRP_SCHEDULE_DELAY", "50")
        TestClient(with_route(make_app())).get("/orders/1")
        eventually(lambda: len(traces.got) == 2)
        eventually(lambda: "http.request" in {r.body.string_value for r in logs.got})
        assert traces.metadata["x-tenant"] == "acme"
    finally:
        server.stop(None).wait()


def test_requests_are_served_while_the_endpoint_is_away(
    shop: TestClient, endpoint: Endpoint
) -> None:
    endpoint.stop()
    threads = threading.active_count()
    for number in range(50):
        assert shop.get(f"/orders/{number}").status_code == 200
    assert threading.active_count() <= threads + 2
