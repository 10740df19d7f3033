"""Faults that can be switched on while running, to see what telemetry makes of them."""

from collections import Counter
from enum import StrEnum
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import structlog
from fastapi import APIRouter, Body, Depends, Request
from pydantic import BaseModel, Field

from orders.errors import OrderError
from orders.models import Problem
from orders.switches import Switches

MAX_DELAY_SECONDS = 10.0
# Multiples of the golden ratio lie evenly between two whole numbers, whatever rhythm requests have.
_GOLDEN = 0.6180339887498949
log = structlog.get_logger(__name__)


class FaultName(StrEnum):
    SLOW_DB = "slow-db"
    PAYMENT_DECLINED = "payment-declined"
    PAYMENT_DOWN = "payment-down"
    ERRORS = "errors"


MEANING = {
    FaultName.SLOW_DB: "The first statement of a transaction takes delay_seconds in the database",
    FaultName.PAYMENT_DECLINED: "Payments go out with a card that is declined",
    FaultName.PAYMENT_DOWN: "Payments go to an address where nothing listens",
    FaultName.ERRORS: "Order requests fail with an unhandled exception",
}


class FaultSettings(BaseModel):
    delay_seconds: float = Field(
        default=1.0, gt=0, le=MAX_DELAY_SECONDS, description="slow-db only"
    )
    ratio: float = Field(default=1.0, gt=0, le=1, description="The share of requests that meet it")


class Fault(FaultSettings):
    name: FaultName
    meaning: str
    active: bool


class InjectedError(RuntimeError):
    """The unhandled exception of the `errors` fault."""


class Faults:
    """Which faults are on in this service."""

    def __init__(self, enabled: bool, file: Path | None = None) -> None:  # noqa: FBT001 — a setting
        self.enabled = enabled
        self._switches = Switches(FaultSettings, file)
        self._asked: Counter[FaultName] = Counter()

    def struck(self, name: FaultName) -> FaultSettings | None:
        """The fault's settings if it is on and this request is one of its share, evenly spread."""
        fault = self._switches.get(name)
        if not fault:
            return None
        self._asked[name] += 1
        return fault if self._asked[name] * _GOLDEN % 1 < fault.ratio else None

    def set(self, name: FaultName, settings: FaultSettings) -> Fault:
        self._switches.set(name, settings)
        self._asked[name] = 0
        log.warning("fault.set", fault=name.value, **settings.model_dump())
        return self.describe(name)

    def clear(self, name: FaultName) -> Fault:
        if self._switches.clear(name):
            log.warning("fault.cleared", fault=name.value)
        return self.describe(name)

    def describe(self, name: FaultName) -> Fault:
        settings = self._switches.get(name)
        return Fault(
            name=name,
            meaning=MEANING[name],
            active=settings is not None,
            **(settings or FaultSettings()).model_dump(),
        )


async def of(request: Request) -> Faults:
    faults: Faults = request.app.state.faults
    if not faults.enabled:
        raise OrderError(
            HTTPStatus.FORBIDDEN,
            Problem(
                code="faults_disabled",
                message="Faults cannot be switched on in this process.",
                remedy="Start orders with SIGHTLINE_FAULTS=1, never where real orders are taken.",
            ),
        )
    return faults


async def strike_errors(request: Request) -> None:
    """A dependency of every order route: the `errors` fault strikes here."""
    faults: Faults = request.app.state.faults
    if faults.struck(FaultName.ERRORS):
        raise InjectedError("the errors fault is on")


Known = Annotated[Faults, Depends(of)]
router = APIRouter(
    prefix="/faults",
    tags=["faults"],
    responses={403: {"model": Problem, "description": "Faults are not enabled"}},
)
_UNKNOWN: dict[int | str, dict[str, object]] = {422: {"model": Problem}}


@router.get("")
async def list_faults(faults: Known) -> list[Fault]:
    return [faults.describe(name) for name in FaultName]


@router.put("/{name}", responses=_UNKNOWN)
async def set_fault(
    faults: Known, name: FaultName, settings: Annotated[FaultSettings | None, Body()] = None
) -> Fault:
    return faults.set(name, settings or FaultSettings())


@router.delete("/{name}", responses=_UNKNOWN)
async def clear_fault(faults: Known, name: FaultName) -> Fault:
    return faults.clear(name)
