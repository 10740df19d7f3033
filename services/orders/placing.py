"""Placing an order: reserve, pay, confirm. Whatever happens on the way, its state stays true."""

import structlog
from opentelemetry import trace

from orders import metrics
from orders.book import OrderBook
from orders.errors import (
    OrderError,
    payment_declined,
    payment_rejected,
    payment_timeout,
    payment_unavailable,
)
from orders.models import OrderRequest, Status, major, masked
from orders.payment import (
    Charge,
    Payment,
    PaymentDeclinedError,
    PaymentRejectedError,
    Payments,
    PaymentUnknownError,
    Trouble,
)
from orders.tables import OrderRow

tracer = trace.get_tracer("orders")
log = structlog.get_logger(__name__)


class Placing:
    def __init__(self, book: OrderBook, payments: Payments) -> None:
        self._book = book
        self._payments = payments

    async def place(self, request: OrderRequest) -> OrderRow:
        with metrics.active_checkouts.track_inprogress():
            order = await self._reserve(request)
            charge = await self._pay(order, request)
            return await self._confirm(order, charge)

    async def reconcile(self, order: OrderRow) -> None:
        """Settle a pending order that was abandoned, by what payments knows of its charge."""
        with tracer.start_as_current_span("order.reconcile") as span:
            span.set_attribute("order.id", order.id)
            charge = await self._payments.settle(order.idempotency_key)
            if charge.status == "succeeded":
                settled = await self._book.confirm(order.id, charge.charge_id)
                if settled is not None:
                    _count(settled)
            elif charge.status == "declined":
                reason = charge.decline_code or "declined"
                settled = await self._book.close(order.id, Status.DECLINED, reason)
            else:
                settled = await self._book.close(order.id, Status.FAILED, "abandoned")
            if settled is not None:
                log.info("order.reconciled", order_id=order.id, status=settled.status)

    async def _reserve(self, request: OrderRequest) -> OrderRow:
        with tracer.start_as_current_span(
            "validate.inventory", record_exception=False, set_status_on_exception=False
        ) as span:
            span.set_attributes({"product.id": request.product_id, "quantity": request.quantity})
            try:
                order = await self._book.reserve(request)
            except OrderError as refusal:
                span.set_attribute("in_stock", False)  # noqa: FBT003 — the attribute's value
                log.warning(
                    "order.refused", reason=refusal.problem.code, product_id=request.product_id
                )
                raise
            span.set_attributes({"in_stock": True, "order.id": order.id})
            return order

    async def _pay(self, order: OrderRow, request: OrderRequest) -> Charge:
        try:
            return await self._process_payment(order, request)
        except PaymentDeclinedError as refusal:
            await self._fail(order, Status.DECLINED, refusal.reason)
            raise payment_declined(order.id, refusal.reason) from refusal
        except PaymentRejectedError as refusal:
            await self._fail(order, Status.FAILED, refusal.reason)
            raise payment_rejected(order.id, refusal.reason) from refusal
        except PaymentUnknownError as unknown:
            # An order that may have been charged stays pending, until payments can be asked.
            status = Status.PENDING if unknown.may_be_charged else Status.FAILED
            await self._fail(order, status, unknown.trouble.value)
            error = payment_timeout if unknown.trouble is Trouble.TIMEOUT else payment_unavailable
            raise error(order.id, pending=unknown.may_be_charged) from unknown

    async def _process_payment(self, order: OrderRow, request: OrderRequest) -> Charge:
        card = request.card_number.get_secret_value() if request.card_number else None
        payment = Payment(
            order.idempotency_key, order.amount_minor, order.currency, order.payment_method, card
        )
        # A refusal leaves this block as an exception: recorded on the span, status ERROR.
        with tracer.start_as_current_span("payment.process") as span:
            span.set_attributes(
                {
                    "amount": float(major(order.amount_minor, order.currency)),
                    "currency": order.currency,
                    "payment.method": order.payment_method,
                    "order.id": order.id,
                }
            )
            with metrics.timed_payment(order.payment_method, order.currency):
                charge = await self._payments.charge(payment)
            span.set_attribute("charge.id", charge.charge_id)
            return charge

    async def _fail(self, order: OrderRow, status: Status, reason: str) -> None:
        log.warning(
            "payment.failed",
            order_id=order.id,
            order_status=status.value,
            reason=reason,
            amount=float(major(order.amount_minor, order.currency)),
            currency=order.currency,
            payment_method=order.payment_method,
        )
        if status is not Status.PENDING:
            await self._book.close(order.id, status, reason)

    async def _confirm(self, order: OrderRow, charge: Charge) -> OrderRow:
        confirmed = await self._book.confirm(order.id, charge.charge_id)
        if confirmed is None:
            return await self._settled_elsewhere(order)
        _count(confirmed)
        log.info(
            "order.created",
            order_id=confirmed.id,
            product_id=confirmed.product_id,
            quantity=confirmed.quantity,
            amount=float(major(confirmed.amount_minor, confirmed.currency)),
            currency=confirmed.currency,
            payment_method=confirmed.payment_method,
            customer=masked(confirmed.user_email),
        )
        return confirmed

    async def _settled_elsewhere(self, order: OrderRow) -> OrderRow:
        """Reconciliation was faster; what it found is what the customer is told."""
        settled = await self._book.get(order.id)
        if settled is None or settled.status != Status.CONFIRMED:
            raise payment_timeout(order.id)
        return settled


def _count(order: OrderRow) -> None:
    metrics.orders_created.labels(order.payment_method, order.currency).inc()
    metrics.order_value.labels(order.currency).observe(
        float(major(order.amount_minor, order.currency))
    )
