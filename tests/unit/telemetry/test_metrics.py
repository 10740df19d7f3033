"""The instrumentator's metrics, exact, bounded, with exemplars."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fastapi import APIRouter, FastAPI
from fastapi.testclient import TestClient
from opentelemetry import trace
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Summary
from prometheus_client.openmetrics.parser import text_string_to_metric_families
from prometheus_fastapi_instrumentator import Instrumentator
from prometheus_fastapi_instrumentator.metrics import Info
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Message

from sightline.telemetry import TelemetryError, observe
from sightline.telemetry.testing import CapturedTelemetry

OPENMETRICS = {"accept": "application/openmetrics-text;version=1.0.0"}


@pytest.fixture
def app(app: FastAPI) -> FastAPI:
    @app.get("/orders/{order_id}")
    async def read(order_id: int) -> int:
        return order_id

    @app.get("/boom")
    async def boom() -> None:
        raise ValueError("broken")

    return app


def series(client: TestClient) -> set[str]:
    text = client.get("/metrics").text
    return {line.rpartition(" ")[0] for line in text.splitlines() if line.startswith("http_")}


def test_requests_are_counted_by_template_method_and_status_class(
    client: TestClient, telemetry: CapturedTelemetry
) -> None:
    for path in ("/orders/1", "/orders/2", "/orders/x"):
        client.get(path)
    client.delete("/orders/1")
    handler = "/orders/{order_id}"
    count = telemetry.metric
    assert count("http_requests_total", handler=handler, method="GET", status="2xx") == 2
    assert count("http_requests_total", handler=handler, method="GET", status="4xx") == 1
    assert count("http_requests_total", handler=handler, method="DELETE", status="4xx") == 1
    assert count("http_request_duration_seconds_count", handler=handler, method="GET") == 3


def test_exceptions_are_counted_and_timed(client: TestClient, telemetry: CapturedTelemetry) -> None:
    client.get("/boom")
    assert telemetry.metric("http_requests_total", handler="/boom", status="5xx") == 1
    assert telemetry.metric("http_request_duration_seconds_count", handler="/boom") == 1


async def ask(app: FastAPI, method: str, path: str) -> None:
    async def receive() -> Message:
        return {"type": "http.request", "body": b""}

    async def send(_: Message) -> None:
        pass

    scope = {"type": "http", "method": method, "path": path, "headers": [], "scheme": "http",
             "query_string": b"", "root_path": "", "client": None, "server": None}  # fmt: skip
    await app(scope, receive, send)


@pytest.mark.anyio
async def test_ten_thousand_unknown_paths_and_odd_methods_add_no_series(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    before: set[str] = set()
    for number in range(3_334):
        await ask(app, f"ODD{number}", f"/unknown/{number}")
        await ask(app, "GET", f"/orders/{number}/")
        await ask(app, "GET", f"/orders/x{number}")
        before = before or series(client)
    assert series(client) == before
    assert telemetry.metric("http_requests_total") == 10_002


def test_routes_of_routers_and_mounted_apps_have_their_full_template(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry, tmp_path: Path
) -> None:
    def answer(_: Request) -> PlainTextResponse:
        return PlainTextResponse("")

    router, inner_router = APIRouter(prefix="/v1"), APIRouter(prefix="/items")

    @inner_router.get("/{item_id}")
    async def read_item(item_id: int) -> int:
        return item_id

    router.include_router(inner_router)
    app.include_router(router, prefix="/api")
    mounted = FastAPI()
    mounted.include_router(router)
    app.mount("/fast/{tenant}", mounted)
    plain = Starlette(routes=[Mount("/deep", routes=[Route("/{x}", answer)])])
    app.mount("/plain", plain)
    app.mount("/static", StaticFiles(directory=tmp_path))

    for path in ("/api/v1/items/1", "/fast/acme/v1/items/1", "/plain/deep/1", "/static/no.css"):
        client.get(path)
    client.get("/fast/acme/nothing")
    client.get("/plain/nothing")

    for handler in (
        "/api/v1/items/{item_id}",
        "/fast/{tenant}/v1/items/{item_id}",
        "/plain/deep/{x}",
        "/static",
    ):
        assert telemetry.metric("http_requests_total", handler=handler) == 1, handler
    assert telemetry.metric("http_requests_total", handler="none", status="4xx") == 2


def test_openmetrics_is_negotiated_and_carries_exemplars(
    client: TestClient, telemetry: CapturedTelemetry
) -> None:
    client.get("/orders/1", headers={"traceparent": f"00-{'c' * 32}-{'b' * 16}-01"})
    span_id = telemetry.line("http.request")["span_id"]
    answer = client.get("/metrics", headers=OPENMETRICS)
    assert answer.headers["content-type"].startswith("application/openmetrics-text")
    exemplars = [
        sample.exemplar.labels
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
        if sample.name == "http_request_duration_seconds_bucket" and sample.exemplar
    ]
    assert {"trace_id": "c" * 32, "span_id": span_id} in exemplars


def test_a_trace_that_is_not_kept_is_no_exemplar(client: TestClient) -> None:
    client.get("/orders/1", headers={"traceparent": f"00-{'d' * 32}-{'b' * 16}-00"})
    assert "d" * 32 not in client.get("/metrics", headers=OPENMETRICS).text


def test_the_text_format_is_the_default(client: TestClient) -> None:
    client.get("/orders/1")
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert (
        'http_requests_total{handler="/orders/{order_id}",method="GET",status="2xx"}' in answer.text
    )
    assert "# {" not in answer.text


def test_the_buckets_are_fine_where_objectives_are(client: TestClient) -> None:
    client.get("/orders/1")
    text = client.get("/metrics").text
    bounds = {float(b) for b in re.findall(r'duration_seconds_bucket.*le="([^"]+)"', text)}
    assert {0.005, 0.01, 0.05, 0.1, 0.25, 0.3, 0.5, 1.0, 2.5, 5.0, 10.0, float("inf")} <= bounds


def test_the_instrumentators_hooks_and_settings_are_honoured(
    make_app: Callable[..., FastAPI], telemetry: CapturedTelemetry
) -> None:
    assert telemetry
    registry = CollectorRegistry()
    seen: list[tuple[str, str, str, int]] = []

    def hook(info: Info) -> None:
        assert info.response is not None
        assert info.modified_duration >= 0
        seen.append(
            (info.method, info.modified_handler, info.modified_status, len(info.response.headers))
        )

    async def async_hook(info: Info) -> None:
        seen.append((info.request.url.path, "", "", 0))

    own = Instrumentator(
        registry=registry, should_group_status_codes=False, excluded_handlers=["/hidden"]
    ).add(hook, async_hook)
    app = make_app(instrumentator=own, buckets=(0.5, 1.0))

    @app.get("/hidden")
    @app.get("/shown")
    def handler() -> None:
        pass

    client = TestClient(app)
    client.get("/shown")
    client.get("/hidden")
    text = client.get("/metrics").text
    assert 'http_requests_total{handler="/shown",method="GET",status="200"} 1.0' in text
    assert "/hidden" not in text
    assert text.count("http_request_duration_seconds_bucket{") == 3
    assert seen[0][:3] == ("GET", "/shown", "200")
    assert seen[1][0] == "/shown"


def test_a_metrics_route_of_the_apps_own_stays(
    make_app: Callable[..., FastAPI], telemetry: CapturedTelemetry
) -> None:
    assert telemetry
    app = make_app()

    @app.get("/metrics")
    def mine() -> str:
        return "mine"

    assert TestClient(app).get("/metrics").json() == "mine"


def test_observe_attaches_the_current_trace(app: FastAPI, client: TestClient) -> None:
    registry = CollectorRegistry()
    histogram = Histogram("payment_seconds", "x", ("currency",), registry=registry)
    counter = Counter("orders", "x", registry=registry)
    summary = Summary("order_value", "x", registry=registry)
    gauge = Gauge("active", "x", registry=registry)

    @app.get("/pay")
    async def pay() -> str:
        observe(histogram.labels("EUR"), 0.2)
        observe(counter, 2)
        observe(summary, 3)
        observe(gauge, 1)
        return f"{trace.get_current_span().get_span_context().trace_id:032x}"

    trace_id = client.get("/pay").json()
    samples = {(s.name, s.labels.get("le")): s for f in registry.collect() for s in f.samples}
    bucket = samples["payment_seconds_bucket", "0.25"]
    assert bucket.exemplar is not None
    assert bucket.exemplar.labels["trace_id"] == trace_id
    total = samples["orders_total", None]
    assert total.exemplar is not None
    assert (total.value, total.exemplar.labels["trace_id"]) == (2, trace_id)
    assert samples["order_value_sum", None].value == 3
    assert samples["active", None].value == 1


def test_telemetry_counts_what_it_sends_and_loses(client: TestClient) -> None:
    text = client.get("/metrics").text
    for name in ("exported_total", "dropped_total", "queue_size", "queue_capacity"):
        for signal in ("traces", "logs"):
            assert f'sightline_telemetry_{name}{{signal="{signal}"}}' in text


def test_metrics_registered_by_somebody_else_are_named_at_start(
    make_app: Callable[..., FastAPI],
) -> None:
    registry = CollectorRegistry()
    Counter("http_requests_total", "of another library", registry=registry)
    with pytest.raises(TelemetryError, match="http_requests_total is registered already"):
        make_app(instrumentator=Instrumentator(registry=registry))
