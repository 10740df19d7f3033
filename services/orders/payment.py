"""Charging through the payments service: bounded in time and tries, never twice."""

import random
from dataclasses import dataclass
from enum import StrEnum
from http import HTTPStatus
from typing import Any

import anyio
import httpx2
import structlog

from orders.faults import FaultName, Faults
from orders.settings import Settings
from sightline.telemetry.events import current_ids

# Where the payment-down fault sends requests: the discard port, which nothing listens on.
NOWHERE = "http://127.0.0.1:9"
# Of payments' sandbox; the payment-declined fault pays with it.
DECLINED_CARD = "4000000000000002"
BACKOFF_SECONDS = 0.1
log = structlog.get_logger(__name__)


class Trouble(StrEnum):
    """How an attempt ended without an answer that says what became of the charge."""

    DOWN = "payment_unavailable"  # never reached: certainly not charged
    TIMEOUT = "payment_timeout"  # reached, perhaps: nobody knows
    BROKEN = "payment_error"  # answered 5xx or hung up: nobody knows


class PaymentDeclinedError(Exception):
    """Payments refused the charge; the reason is its decline code."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"the payment was declined: {reason}")
        self.reason = reason


class PaymentRejectedError(Exception):
    """Payments did not accept the request itself; nothing was charged."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"payments rejected the charge: {reason}")
        self.reason = reason


class PaymentUnknownError(Exception):
    """No answer said what became of the charge; if it is open, it may yet have been made."""

    def __init__(self, trouble: Trouble, *, may_be_charged: bool) -> None:
        super().__init__(f"no answer from payments: {trouble.value}")
        self.trouble = trouble
        self.may_be_charged = may_be_charged


@dataclass(frozen=True)
class Charge:
    charge_id: str
    status: str
    decline_code: str | None


@dataclass(frozen=True)
class Payment:
    idempotency_key: str
    amount_minor: int
    currency: str
    payment_method: str
    card_number: str | None = None

    def body(self) -> dict[str, Any]:
        fields = {
            "amount_minor": self.amount_minor,
            "currency": self.currency,
            "payment_method": self.payment_method,
            "card_number": self.card_number,
        }
        return {name: value for name, value in fields.items() if value is not None}


class Payments:
    """The client of payments; one for the life of the app."""

    def __init__(self, client: httpx2.AsyncClient, settings: Settings, faults: Faults) -> None:
        self._client = client
        client.event_hooks["request"].append(_name_request)
        self._url = settings.payments_url
        self._timeout = settings.payments_timeout
        self._attempts = settings.payments_attempts
        self._faults = faults

    async def charge(self, payment: Payment) -> Charge:
        """The charge, made. Every try carries the same key, so that at most one of them charges;
        a charge that got no answer is looked up, and called off if it was not made."""
        try:
            return await self._charge(payment)
        except PaymentUnknownError as unknown:
            if not unknown.may_be_charged:
                raise
            return await self._settled(payment, unknown)

    async def _settled(self, payment: Payment, unknown: PaymentUnknownError) -> Charge:
        charge = await self.settle(payment.idempotency_key)
        if charge.status == "declined":
            raise PaymentDeclinedError(charge.decline_code or "declined") from unknown
        if charge.status != "succeeded":
            raise PaymentUnknownError(unknown.trouble, may_be_charged=False) from unknown
        return charge

    async def _charge(self, payment: Payment) -> Charge:
        url, body = self._url, payment.body()
        if self._faults.struck(FaultName.PAYMENT_DECLINED):
            body["card_number"] = DECLINED_CARD
        if self._faults.struck(FaultName.PAYMENT_DOWN):
            url = NOWHERE
        headers = {"Idempotency-Key": payment.idempotency_key}
        answer = await self._ask("POST", f"{url}/charges", json=body, headers=headers)
        return _outcome(answer)

    async def settle(self, idempotency_key: str) -> Charge:
        """What became of a charge; one that has not happened is called off for good."""
        url = f"{self._url}/charges/{idempotency_key}"
        answer = await self._ask("GET", url)
        if answer.status_code == HTTPStatus.NOT_FOUND:
            answer = await self._ask("DELETE", url)
        if answer.status_code != HTTPStatus.OK:
            raise PaymentUnknownError(Trouble.BROKEN, may_be_charged=True)
        return _charge(answer.json())

    async def _ask(self, method: str, url: str, **request: Any) -> httpx2.Response:
        attempts = self._attempts if method == "POST" else 1
        troubles: list[Trouble] = []
        while True:
            answer = await self._try(method, url, **request)
            if isinstance(answer, httpx2.Response):
                return answer
            troubles.append(answer)
            if len(troubles) == attempts:
                reached = any(trouble is not Trouble.DOWN for trouble in troubles)
                raise PaymentUnknownError(answer, may_be_charged=reached)
            log.warning("payment.retry", reason=answer.value, attempt=len(troubles))
            await anyio.sleep(_backoff(len(troubles)))

    async def _try(self, method: str, url: str, **request: Any) -> httpx2.Response | Trouble:
        try:
            # httpx bounds each phase; this bounds the whole, a dripping answer included.
            with anyio.fail_after(self._timeout):
                answer = await self._client.request(method, url, **request)
        except (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout):
            return Trouble.DOWN
        except (TimeoutError, httpx2.TimeoutException):
            return Trouble.TIMEOUT
        except httpx2.TransportError:
            return Trouble.BROKEN
        return Trouble.BROKEN if answer.is_server_error else answer


async def _name_request(request: httpx2.Request) -> None:
    """One request id for what one customer asked, in the lines of both services."""
    request_id, _ = current_ids()
    if request_id is not None:
        request.headers["X-Request-ID"] = request_id


def _backoff(attempt: int) -> float:
    # S311: spreads the retries of many, nothing secret
    return BACKOFF_SECONDS * float(2**attempt) * random.uniform(0.5, 1)  # noqa: S311


def _outcome(answer: httpx2.Response) -> Charge:
    document = _json(answer)
    if answer.status_code in {HTTPStatus.OK, HTTPStatus.CREATED}:
        return _charge(document)
    reason = str(document.get("code", answer.status_code))
    if answer.status_code == HTTPStatus.PAYMENT_REQUIRED:
        raise PaymentDeclinedError(reason)
    raise PaymentRejectedError(reason)


def _charge(document: dict[str, Any]) -> Charge:
    return Charge(document["charge_id"], document["status"], document.get("decline_code"))


def _json(answer: httpx2.Response) -> dict[str, Any]:
    try:
        document = answer.json()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}
