"""Payments: idempotent charges over HTTP. It knows the standard's telemetry, nothing of sightline.

`opentelemetry-instrument` supplies exporters and providers; FastAPI's own telemetry then makes
one server span and the request metrics, and stdlib log records leave over OTLP.
"""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import Annotated, Any

import anyio
from anyio import to_thread
from fastapi import FastAPI, Header, Path, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel

from payments import __version__
from payments.charges import Charge, ChargeRequest, IdempotencyKey, issuer_seconds
from payments.limits import HeaderLimit
from payments.requests import RequestMiddleware
from payments.settings import Settings, require_writable
from payments.store import ChargeStore, KeyReusedError, KeyVoidedError

log = logging.getLogger("payments.charges")


class Problem(BaseModel):
    code: str
    message: str
    remedy: str
    charge: Charge | None = None
    errors: list[dict[str, Any]] | None = None


class ProblemError(Exception):
    def __init__(self, status: HTTPStatus, problem: Problem) -> None:
        super().__init__(problem.code)
        self.status = status
        self.problem = problem


class Health(BaseModel):
    status: str
    store: str


KeyInHeader = Annotated[IdempotencyKey, Header(alias="Idempotency-Key")]
KeyInPath = Annotated[IdempotencyKey, Path()]


def create_app(settings: Settings | None = None) -> FastAPI:
    settings = settings or Settings.from_environment()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        require_writable(settings.database.parent)
        app.state.store = ChargeStore(settings.database, settings.keep_days)
        yield
        app.state.store.close()

    app = FastAPI(
        title="payments",
        version=__version__,
        lifespan=lifespan,
        # One span and one log line per fact: log records come from stdlib logging.
        telemetry={"operation_spans": False, "logs": False, "exclude": _is_health},
    )
    app.add_middleware(HeaderLimit)
    app.add_middleware(RequestMiddleware)
    app.add_exception_handler(ProblemError, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    _add_charges(app)
    _add_health(app)
    return app


def _add_charges(app: FastAPI) -> None:
    invalid: dict[int | str, dict[str, Any]] = {422: {"model": Problem}}
    app.post(
        "/charges",
        status_code=HTTPStatus.CREATED,
        response_model=Charge,
        responses={
            200: {"model": Charge, "description": "This key was charged before; not again"},
            402: {"model": Problem, "description": "Declined"},
            409: {"model": Problem, "description": "The key was voided or belongs to another"},
            **invalid,
        },
    )(create_charge)
    missing: dict[int | str, dict[str, Any]] = {404: {"model": Problem}, **invalid}
    path = "/charges/{idempotency_key}"
    app.get(path, response_model=Charge, responses=missing)(get_charge)
    app.delete(path, response_model=Charge, responses=invalid)(void_charge)


def _add_health(app: FastAPI) -> None:
    @app.get("/health", responses={503: {"model": Health}})
    async def health(request: Request, response: Response) -> Health:
        try:
            await to_thread.run_sync(request.app.state.store.check)
        except Exception:
            log.exception("store.unreachable")
            response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
            return Health(status="unavailable", store="unreachable")
        return Health(status="ok", store="reachable")


async def create_charge(
    request: Request, response: Response, body: ChargeRequest, key: KeyInHeader
) -> Charge:
    await anyio.sleep(issuer_seconds(body))
    charge, new = await to_thread.run_sync(_charge, request.app.state.store, key, body)
    _write_outcome(charge, new=new)
    if charge.status == "declined":
        raise ProblemError(HTTPStatus.PAYMENT_REQUIRED, _declined(charge))
    if not new:
        response.status_code = HTTPStatus.OK
    return charge


async def get_charge(request: Request, idempotency_key: KeyInPath) -> Charge:
    charge = await to_thread.run_sync(request.app.state.store.find, idempotency_key)
    if charge is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, _unknown_key())
    found: Charge = charge
    return found


async def void_charge(request: Request, idempotency_key: KeyInPath) -> Charge:
    """Refund what was charged under this key, or make sure that nothing ever will be."""
    charge: Charge = await to_thread.run_sync(request.app.state.store.void, idempotency_key)
    log.info("charge.voided", extra={"charge_id": charge.charge_id, "status": charge.status})
    return charge


def _charge(store: ChargeStore, key: str, body: ChargeRequest) -> tuple[Charge, bool]:
    try:
        return store.charge(key, body)
    except KeyVoidedError as error:
        log.warning("charge.refused", extra={"reason": "charge_voided"})
        raise ProblemError(HTTPStatus.CONFLICT, _voided()) from error
    except KeyReusedError as error:
        log.warning("charge.refused", extra={"reason": "idempotency_key_reused"})
        raise ProblemError(HTTPStatus.CONFLICT, _reused()) from error


def _write_outcome(charge: Charge, *, new: bool) -> None:
    fields = {
        "charge_id": charge.charge_id,
        "amount_minor": charge.amount_minor,
        "currency": charge.currency,
        "payment_method": charge.payment_method,
        "replayed": not new,
    }
    if charge.status == "declined":
        log.warning("charge.declined", extra={**fields, "decline_code": charge.decline_code})
    else:
        log.info("charge.succeeded", extra=fields)


def _declined(charge: Charge) -> Problem:
    return Problem(
        code=charge.decline_code or "declined",
        message="The payment was declined.",
        remedy="Use another payment method, with a new Idempotency-Key.",
        charge=charge,
    )


def _unknown_key() -> Problem:
    return Problem(
        code="unknown_charge",
        message="No charge has this idempotency key.",
        remedy="Look for a misspelt key, or POST /charges with it.",
    )


def _voided() -> Problem:
    return Problem(
        code="charge_voided",
        message="This idempotency key was voided before its charge arrived.",
        remedy="Start a new payment with a new Idempotency-Key.",
    )


def _reused() -> Problem:
    return Problem(
        code="idempotency_key_reused",
        message="This idempotency key belongs to a charge with other contents.",
        remedy="Repeat the first request unchanged, or use a new Idempotency-Key.",
    )


async def _answer_problem(_request: Request, error: Exception) -> JSONResponse:
    if not isinstance(error, ProblemError):
        raise error
    return JSONResponse(error.problem.model_dump(mode="json", exclude_none=True), error.status)


async def _answer_invalid(_request: Request, error: Exception) -> JSONResponse:
    """Where and why, but never the input itself: it may hold a card number."""
    if not isinstance(error, RequestValidationError):
        raise error
    problem = Problem(
        code="invalid_request",
        message="The request is not valid.",
        remedy="Correct the fields named in errors; /docs describes each.",
        errors=[{k: each[k] for k in ("loc", "msg", "type")} for each in error.errors()],
    )
    content = problem.model_dump(mode="json", exclude_none=True)
    return JSONResponse(content, HTTPStatus.UNPROCESSABLE_ENTITY)


def _is_health(scope: Any) -> bool:
    return bool(scope.get("path") == "/health")


def __getattr__(name: str) -> FastAPI:
    """`payments.app:app` for a server; importing the module alone reads no environment."""
    if name != "app":
        raise AttributeError(name)
    globals()["app"] = create_app()
    app: FastAPI = globals()["app"]
    return app
