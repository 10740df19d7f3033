"""Orders, wired together: settings, database, payments, routes and telemetry."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import httpx2
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse

from orders import __version__, faults, routes
from orders.book import OrderBook
from orders.database import Database
from orders.errors import OrderError
from orders.faults import Faults
from orders.housekeeping import Housekeeping
from orders.limits import HeaderLimit
from orders.models import Problem
from orders.payment import Payments
from orders.placing import Placing
from orders.settings import Settings, require_writable
from sightline.telemetry import instrument

RESOURCE = {
    "service.namespace": "sightline",
    "deployment.environment.name": "development",
}
CONNECTIONS = httpx2.Limits(max_connections=200, max_keepalive_connections=50)


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings.from_environment()
    app = FastAPI(title="orders", version=__version__, lifespan=_lifespan)
    app.state.settings = settings
    app.state.faults = Faults(settings.faults_enabled, settings.faults_file)
    app.include_router(routes.router)
    app.include_router(routes.health_router)
    app.include_router(faults.router)
    app.add_middleware(HeaderLimit)
    app.add_exception_handler(OrderError, _answer_refusal)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(Exception, _answer_fault)
    # Its span says the same, with fields.
    logging.getLogger("httpx2").setLevel(logging.WARNING)
    instrument(app, service_name="orders", resource=RESOURCE)
    return app


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    require_writable(settings.database_url)
    database = Database(settings.database_url, app.state.faults)
    await database.prepare()
    async with httpx2.AsyncClient(limits=CONNECTIONS, timeout=settings.payments_timeout) as client:
        book = OrderBook(database, settings.payment_seconds)
        placing = Placing(book, Payments(client, settings, app.state.faults))
        app.state.database, app.state.book, app.state.placing = database, book, placing
        upkeep = asyncio.create_task(Housekeeping(book, placing, settings).run())
        yield
        upkeep.cancel()
        with suppress(asyncio.CancelledError):
            await upkeep
    await database.close()


async def _answer_refusal(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, OrderError):
        raise error
    headers = {"Retry-After": "5"} if error.status == HTTPStatus.SERVICE_UNAVAILABLE else None
    return _answer(error.status, error.problem, headers)


async def _answer_invalid(_request: Request, error: Exception) -> JSONResponse:
    """Where and why, but never the input itself: it may hold a card number or an address."""
    if not isinstance(error, RequestValidationError):
        raise error
    problem = Problem(
        code="invalid_request",
        message="The request is not valid.",
        remedy="Correct the fields named in errors; /docs describes each.",
        errors=[{k: each[k] for k in ("loc", "msg", "type")} for each in error.errors()],
    )
    return _answer(HTTPStatus.UNPROCESSABLE_ENTITY, problem)


async def _answer_fault(_request: Request, _error: Exception) -> JSONResponse:
    problem = Problem(
        code="internal_error",
        message="The request failed because of a fault of ours.",
        remedy="Try again; if it stays, report it with the X-Request-ID of this answer.",
    )
    # uvicorn hangs up after an exception that leaves the app; a client that is not told so may
    # meet a reset on its next request.
    return _answer(HTTPStatus.INTERNAL_SERVER_ERROR, problem, {"Connection": "close"})


def _answer(
    status: HTTPStatus, problem: Problem, headers: dict[str, str] | None = None
) -> JSONResponse:
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, status, headers=headers)


def __getattr__(name: str) -> FastAPI:
    """`orders.app:app` for a server; importing the module alone reads no environment."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = create_app()
    app: FastAPI = globals()["app"]
    return app
