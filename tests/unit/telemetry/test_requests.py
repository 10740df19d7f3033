"""Request id, access line, server span and exceptions of a request."""

import re
from collections.abc import AsyncIterator, Callable
from typing import Any

import anyio
import pytest
from fastapi import BackgroundTasks, FastAPI, HTTPException
from fastapi.responses import StreamingResponse
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.trace import SpanKind, StatusCode

from sightline.telemetry import instrument
from sightline.telemetry.testing import CapturedTelemetry


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    @app.get("/orders/{order_id}")
    async def read(order_id: int) -> dict[str, int]:
        return {"order_id": order_id}

    @app.get("/boom")
    def boom() -> None:
        raise ValueError("the shelf broke")

    @app.get("/unavailable")
    def unavailable() -> None:
        raise HTTPException(503)

    @app.get("/health")
    def health() -> dict[str, str]:
        with trace.get_tracer("shop").start_as_current_span("SELECT 1"):
            return {"status": "ok"}

    @app.get("/stream")
    async def stream() -> StreamingResponse:
        async def chunks() -> AsyncIterator[bytes]:
            for _ in range(4):
                await anyio.sleep(0.02)
                yield b"x"

        return StreamingResponse(chunks())

    return app


def test_each_response_has_a_request_id_of_eight_hex_characters(client: TestClient) -> None:
    for path in ("/orders/1", "/nowhere", "/boom", "/unavailable", "/health", "/metrics"):
        assert re.fullmatch("[0-9a-f]{8}", client.get(path).headers["x-request-id"]), path


@pytest.mark.parametrize("good", ["a", "A.b_c-9", "x" * 64])
def test_an_incoming_request_id_is_kept(client: TestClient, good: str) -> None:
    assert client.get("/orders/1", headers={"X-Request-ID": good}).headers["x-request-id"] == good


@pytest.mark.parametrize(
    "bad", ["", "x" * 65, "a b", "a\tb", "ü", '"><script>', "4111111111111111", "a\x1b[31m"]
)
def test_another_one_is_replaced(client: TestClient, bad: str) -> None:
    answer = client.get("/orders/1", headers={b"x-request-id": bad.encode()})
    assert re.fullmatch("[0-9a-f]{8}", answer.headers["x-request-id"])


def test_a_request_leaves_one_access_line(client: TestClient, telemetry: CapturedTelemetry) -> None:
    client.get("/orders/7?page=2")
    line = telemetry.line("http.request")
    assert len(telemetry.lines) == 1
    assert line["logger"] == "sightline.access"
    assert line["service"] == "shop"
    assert (line["method"], line["path"], line["route"], line["status"]) == (
        "GET", "/orders/7", "/orders/{order_id}", 200,
    )  # fmt: skip
    assert line["client"] == "testclient"
    assert 0 < line["duration_ms"] < 5_000
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", line["timestamp"])


def test_the_server_span_follows_the_stable_conventions(
    client: TestClient, telemetry: CapturedTelemetry
) -> None:
    client.get("/orders/7?page=2", headers={"user-agent": "robot/1"})
    span = telemetry.span("GET /orders/{order_id}")
    assert span.kind is SpanKind.SERVER
    assert dict(span.attributes or {}) == {
        "http.request.method": "GET",
        "url.scheme": "http",
        "server.address": "testserver",
        "server.port": 80,
        "http.response.status_code": 200,
        "http.route": "/orders/{order_id}",
        "network.protocol.version": "1.1",
        "client.address": "testclient",
        "network.peer.address": "testclient",
        "user_agent.original": "robot/1",
        "url.path": "/orders/7",
        "url.query": "page=2",
        "network.peer.port": 50000,
    }
    assert span.status.status_code is StatusCode.UNSET
    assert [s.name for s in telemetry.spans] == ["GET /orders/{order_id}"]


def test_an_unhandled_exception_is_logged_once_with_its_stack(
    client: TestClient, telemetry: CapturedTelemetry
) -> None:
    assert client.get("/boom").status_code == 500
    errors = [line for line in telemetry.lines if line["level"] == "error"]
    assert [line["event"] for line in errors] == ["http.exception"]
    assert "ValueError: the shelf broke" in errors[0]["exception"]
    assert errors[0]["route"] == "/boom"
    assert telemetry.line("http.request")["status"] == 500
    assert errors[0]["span_id"] == telemetry.line("http.request")["span_id"]


def test_an_unhandled_exception_is_an_event_of_the_span(
    client: TestClient, telemetry: CapturedTelemetry
) -> None:
    client.get("/boom")
    span = telemetry.span("GET /boom")
    (event,) = span.events
    assert event.name == "exception"
    assert (event.attributes or {})["exception.type"] == "ValueError"
    assert "the shelf broke" in str((event.attributes or {})["exception.stacktrace"])
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "ValueError"


def test_the_exception_still_reaches_the_server(app: FastAPI, telemetry: CapturedTelemetry) -> None:
    with pytest.raises(ValueError, match="the shelf broke"):
        TestClient(app).get("/boom")
    assert telemetry.line("http.exception")


def test_a_5xx_without_exception_is_an_error_span(
    client: TestClient, telemetry: CapturedTelemetry
) -> None:
    client.get("/unavailable")
    span = telemetry.span("GET /unavailable")
    assert span.status.status_code is StatusCode.ERROR
    assert (span.attributes or {})["error.type"] == "503"
    assert telemetry.line("http.request")["status"] == 503


def test_a_4xx_is_no_error_of_the_server(client: TestClient, telemetry: CapturedTelemetry) -> None:
    client.get("/orders/x")
    assert telemetry.span("GET /orders/{order_id}").status.status_code is StatusCode.UNSET


def test_health_and_metrics_leave_no_line_span_or_count(
    client: TestClient, telemetry: CapturedTelemetry
) -> None:
    assert client.get("/health").json() == {"status": "ok"}
    assert client.get("/metrics").status_code == 200
    assert telemetry.lines == []
    assert telemetry.spans == []
    assert telemetry.metric("http_requests_total") == 0


def test_a_streamed_response_lasts_to_its_last_byte(
    client: TestClient, telemetry: CapturedTelemetry
) -> None:
    assert client.get("/stream").text == "xxxx"
    span = telemetry.span("GET /stream")
    assert telemetry.line("http.request")["duration_ms"] >= 80
    assert span.start_time is not None
    assert span.end_time is not None
    assert span.end_time - span.start_time >= 80e6
    assert telemetry.metric("http_request_duration_seconds_sum", handler="/stream") >= 0.08


def test_background_tasks_are_not_part_of_the_response_but_their_failure_is_logged(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    def fail() -> None:
        raise RuntimeError("the mail was lost")

    @app.post("/notify")
    async def notify(tasks: BackgroundTasks) -> None:
        tasks.add_task(fail)

    assert client.post("/notify").status_code == 200
    assert telemetry.line("http.request")["status"] == 200
    assert "the mail was lost" in telemetry.line("http.exception")["exception"]
    assert telemetry.metric("http_requests_total", handler="/notify", status="2xx") == 1


def test_a_handler_can_add_to_the_server_span(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    @app.get("/mine")
    async def mine() -> None:
        span = trace.get_current_span()
        assert span.is_recording()
        span.set_attribute("order.id", 7)
        span.set_attributes({"http.route": "mine", "tags": ["a", "b"]})
        span.add_event("packed", {"boxes": 2})
        span.add_link(trace.SpanContext(1, 2, is_remote=True))
        span.record_exception(ValueError("handled"))
        span.set_status(StatusCode.ERROR, "half done")
        span.update_name("my own name")

    client.get("/mine")
    span = telemetry.span("my own name")
    attributes: dict[str, Any] = dict(span.attributes or {})
    assert (attributes["order.id"], attributes["http.route"]) == (7, "mine")
    assert list(attributes["tags"]) == ["a", "b"]
    assert attributes["http.response.status_code"] == 200
    assert [event.name for event in span.events] == ["packed", "exception"]
    assert [link.context.trace_id for link in span.links] == [1]
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "half done")


def test_an_incoming_trace_is_continued(client: TestClient, telemetry: CapturedTelemetry) -> None:
    client.get("/orders/1", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-01"})
    span = telemetry.span("GET /orders/{order_id}")
    assert span.context is not None
    assert span.parent is not None
    assert f"{span.context.trace_id:x}" == "a" * 32
    assert f"{span.parent.span_id:x}" == "b" * 16


@pytest.mark.parametrize(
    "nonsense",
    [
        "",
        "x",
        "00-0-0-01",
        f"00-{'0' * 32}-{'b' * 16}-01",
        f"ff-{'a' * 32}-{'b' * 16}-01",
        "9" * 9_000,
    ],
)
def test_a_traceparent_that_is_none_begins_a_new_trace(
    client: TestClient, telemetry: CapturedTelemetry, nonsense: str
) -> None:
    headers = {"traceparent": nonsense, "tracestate": "=,=;" * 50, "baggage": "%%%=;," * 50}
    assert client.get("/orders/1", headers=headers).status_code == 200
    span = telemetry.span("GET /orders/{order_id}")
    assert span.parent is None
    assert re.fullmatch("[0-9a-f]{32}", telemetry.line("http.request")["trace_id"])


def test_a_trace_its_caller_did_not_sample_is_not_recorded_but_logged(
    client: TestClient, telemetry: CapturedTelemetry
) -> None:
    client.get("/orders/1", headers={"traceparent": f"00-{'a' * 32}-{'b' * 16}-00"})
    assert telemetry.spans == []
    assert telemetry.line("http.request")["trace_id"] == "a" * 32
    assert telemetry.metric("http_requests_total", status="2xx") == 1


def test_headers_of_a_megabyte_do_no_harm(client: TestClient, telemetry: CapturedTelemetry) -> None:
    big = "x" * 1_000_000
    names = ("user-agent", "traceparent", "baggage", "x-request-id", "x-other", "tracestate")
    assert client.get("/orders/1", headers=dict.fromkeys(names, big)).status_code == 200
    (span,) = telemetry.spans
    assert len(str((span.attributes or {})["user_agent.original"])) < 2_000
    assert len(str(telemetry.lines)) < 10_000


def test_a_sampling_ratio_keeps_about_that_many_traces(
    monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., FastAPI], telemetry: CapturedTelemetry
) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "0.2")
    app = make_app()

    @app.get("/")
    def handler() -> None:
        with trace.get_tracer("shop").start_as_current_span("child"):
            pass

    client = TestClient(app)
    for _ in range(300):
        client.get("/")
    servers = [span for span in telemetry.spans if span.name == "GET /"]
    assert 25 < len(servers) < 110
    assert len(telemetry.spans) == 2 * len(servers)
    assert len(telemetry.lines) == 300
    assert telemetry.metric("http_requests_total", status="2xx") == 300


def test_a_disabled_sdk_still_logs_and_counts(
    monkeypatch: pytest.MonkeyPatch, make_app: Callable[..., FastAPI], telemetry: CapturedTelemetry
) -> None:
    monkeypatch.setenv("OTEL_SDK_DISABLED", "true")
    app = make_app()

    @app.get("/")
    def handler() -> None:
        pass

    TestClient(app).get("/")
    assert telemetry.spans == []
    assert telemetry.line("http.request")["status"] == 200
    assert telemetry.metric("http_requests_total", status="2xx") == 1


def test_a_mounted_instrumented_app_is_observed_once(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    inner = FastAPI()
    instrument(inner)

    @inner.get("/items/{item_id}")
    def read(item_id: int) -> int:
        return item_id

    app.mount("/shop/{tenant}", inner)
    assert client.get("/shop/acme/items/7").json() == 7
    assert [span.name for span in telemetry.spans] == ["GET /shop/{tenant}/items/{item_id}"]
    assert telemetry.line("http.request")["route"] == "/shop/{tenant}/items/{item_id}"


def test_instrumenting_twice_changes_nothing(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    instrument(app)
    client.get("/orders/1")
    assert len(telemetry.lines) == 1
    assert telemetry.metric("http_requests_total") == 1
