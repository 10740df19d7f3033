"""Each line of a request carries the request's ids, wherever it is written."""

import asyncio
import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Annotated

import anyio
import pytest
import structlog
from fastapi import BackgroundTasks, Depends, FastAPI, Request, WebSocket
from fastapi.responses import JSONResponse
from fastapi.testclient import TestClient
from opentelemetry import trace

from sightline.telemetry.testing import CapturedTelemetry

log = structlog.get_logger("shop")
HEADERS = {
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "x-request-id": "from.outside_7",
}


class RefusedError(Exception):
    pass


def _say() -> None:
    log.info("said")


def _in_thread() -> None:
    thread = threading.Thread(target=_say)
    thread.start()
    thread.join()


class _Clerk(threading.Thread):
    def run(self) -> None:
        _say()


def _in_subclass() -> None:
    clerk = _Clerk()
    clerk.start()
    clerk.join()


def _in_pool() -> None:
    with ThreadPoolExecutor(1) as pool:
        pool.submit(_say).result()


def _with_stdlib() -> None:
    logging.getLogger("shop.stdlib").warning("said", extra={"colour": "red"})


def add_routes(app: FastAPI) -> None:
    @app.get("/async")
    async def in_async_handler() -> None:
        _say()

    @app.get("/sync")
    def in_sync_handler() -> None:
        _say()

    @app.get("/stdlib")
    def in_stdlib() -> None:
        _with_stdlib()


def add_dependencies(app: FastAPI) -> None:
    def sync_dependency() -> None:
        _say()

    async def async_dependency() -> None:
        _say()

    @app.get("/sync-dependency")
    async def needs_sync(_: Annotated[None, Depends(sync_dependency)]) -> None:
        pass

    @app.get("/async-dependency")
    def needs_async(_: Annotated[None, Depends(async_dependency)]) -> None:
        pass


def add_other_moments(app: FastAPI) -> None:
    @app.exception_handler(RefusedError)
    async def on_refused(_: Request, __: Exception) -> JSONResponse:
        _say()
        return JSONResponse({}, 409)

    @app.get("/exception-handler")
    async def refuse() -> None:
        raise RefusedError

    @app.get("/background")
    async def later(tasks: BackgroundTasks) -> None:
        tasks.add_task(_say)

    @app.get("/async-background")
    async def later_async(tasks: BackgroundTasks) -> None:
        async def say() -> None:
            _say()

        tasks.add_task(say)


def add_threads(app: FastAPI) -> None:
    @app.get("/to-thread")
    async def to_thread() -> None:
        await anyio.to_thread.run_sync(_say)

    @app.get("/executor")
    async def executor() -> None:
        await asyncio.get_running_loop().run_in_executor(None, _say)

    @app.get("/thread")
    async def thread() -> None:
        _in_thread()

    @app.get("/thread-of-sync")
    def thread_of_sync() -> None:
        _in_thread()

    @app.get("/thread-class")
    async def thread_class() -> None:
        _in_subclass()

    @app.get("/timer")
    def timer() -> None:
        timer = threading.Timer(0, _say)
        timer.start()
        timer.join()

    @app.get("/pool")
    def pool() -> None:
        _in_pool()

    @app.get("/task")
    async def task() -> None:
        async def say() -> None:
            _say()

        await asyncio.create_task(say())


@pytest.mark.parametrize(
    "place",
    [
        "async", "sync", "stdlib", "sync-dependency", "async-dependency", "exception-handler",
        "background", "async-background", "to-thread", "executor", "thread", "thread-of-sync",
        "thread-class", "timer", "pool", "task",
    ],
)  # fmt: skip
def test_a_line_carries_the_ids_of_its_request(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry, place: str
) -> None:
    for add in (add_routes, add_dependencies, add_other_moments, add_threads):
        add(app)
    answer = client.get(f"/{place}", headers=HEADERS)
    line, access = telemetry.line("said"), telemetry.line("http.request")
    assert line["trace_id"] == "0af7651916cd43dd8448eb211c80319c"
    assert line["span_id"] == access["span_id"]
    assert line["request_id"] == answer.headers["x-request-id"] == "from.outside_7"


def test_a_line_within_a_span_carries_that_span(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    @app.get("/")
    async def handler() -> None:
        with trace.get_tracer("shop").start_as_current_span("validate.inventory"):
            _say()

    client.get("/")
    span, server = telemetry.span("validate.inventory"), telemetry.span("GET /")
    assert span.context is not None
    assert server.context is not None
    assert telemetry.line("said")["span_id"] == f"{span.context.span_id:016x}"
    assert span.parent is not None
    assert span.parent.span_id == server.context.span_id


def test_a_websockets_lines_carry_its_ids(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    @app.websocket("/ws/{room}")
    async def talk(socket: WebSocket, room: str) -> None:
        await socket.accept()
        _say()
        await socket.send_text("hello")
        await socket.close()

    with client.websocket_connect("/ws/7") as socket:
        assert socket.receive_text() == "hello"
    access = telemetry.line("http.request")
    assert access["status"] == 101
    assert access["route"] == "/ws/{room}"
    assert telemetry.line("said")["span_id"] == access["span_id"]
    assert telemetry.span("GET /ws/{room}").attributes is not None
    assert telemetry.metric("http_requests_total") == 0


def test_two_requests_at_once_keep_their_ids_apart(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    @app.get("/{name}")
    async def handler(name: str) -> None:
        await asyncio.sleep(0.01)
        log.info("said", name=name)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda n: client.get(f"/{n}", headers={"x-request-id": f"id{n}"}), range(8)))
    said = [line for line in telemetry.lines if line["event"] == "said"]
    assert {(line["name"], line["request_id"]) for line in said} == {
        (str(n), f"id{n}") for n in range(8)
    }


def test_a_line_outside_of_any_request_has_the_same_keys_and_no_ids(
    app: FastAPI, telemetry: CapturedTelemetry
) -> None:
    assert app
    _say()
    line = telemetry.line("said")
    assert list(line) == [
        "timestamp", "level", "logger", "event", "service", "request_id", "trace_id", "span_id",
    ]  # fmt: skip
    assert line["request_id"] is line["trace_id"] is line["span_id"] is None


def test_bound_context_variables_are_fields_of_every_line(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    @app.get("/")
    async def handler() -> None:
        structlog.contextvars.bind_contextvars(customer=7)
        _say()
        logging.getLogger("lib").warning("lib.said")

    client.get("/")
    assert telemetry.line("said")["customer"] == 7
    assert telemetry.line("lib.said")["customer"] == 7
