"""The order book: every change of an order's state, each one transaction, each conditional.

    pending ─┬─▶ confirmed   charged, and the customer's mail is in the outbox
             ├─▶ declined    payments said no; the stock is back
             └─▶ failed      certainly not charged, or refunded; the stock is back

Only a pending order can change, so whoever settles it first wins, and nobody twice.
"""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from opentelemetry import trace
from sqlalchemy import CursorResult, Result, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from orders.database import Database
from orders.errors import out_of_stock, unknown_product
from orders.models import OrderRequest, Status
from orders.tables import NotificationRow, OrderRow, PriceRow, ProductRow

tracer = trace.get_tracer("orders")


@dataclass(frozen=True)
class Filter:
    before: int | None = None
    status: str | None = None
    payment_method: str | None = None
    currency: str | None = None
    product_id: int | None = None


class OrderBook:
    def __init__(self, database: Database, payment_seconds: float) -> None:
        self._database = database
        self._payment_time = timedelta(seconds=payment_seconds)

    async def reserve(self, request: OrderRequest) -> OrderRow:
        """Take the goods out of stock and write the order down, before anything is charged."""
        async with self._database.transaction() as session:
            unit_minor = await _price(session, request)
            await _take(session, request)
            order = self._pending(request, unit_minor)
            session.add(order)
        return order

    async def confirm(self, order_id: int, charge_id: str) -> OrderRow | None:
        """Confirmed, and its mail queued; None if somebody else settled the order first."""
        async with self._database.transaction() as session:
            order = await _leave_pending(session, order_id, Status.CONFIRMED, charge_id=charge_id)
            if order is not None:
                await _queue_mail(session, order)
        return order

    async def close(self, order_id: int, status: Status, failure: str) -> OrderRow | None:
        """Declined or failed, and the goods back in stock; None if settled before."""
        async with self._database.transaction() as session:
            order = await _leave_pending(session, order_id, status, failure=failure)
            if order is not None:
                await session.execute(
                    update(ProductRow)
                    .where(ProductRow.id == order.product_id)
                    .values(stock=ProductRow.stock + order.quantity)
                )
        return order

    async def get(self, order_id: int) -> OrderRow | None:
        async with self._database.transaction() as session:
            return await session.get(OrderRow, order_id)

    async def page(self, wanted: Filter, limit: int) -> Sequence[OrderRow]:
        query = select(OrderRow).order_by(OrderRow.id.desc()).limit(limit)
        if wanted.before is not None:
            query = query.where(OrderRow.id < wanted.before)
        for column in ("status", "payment_method", "currency", "product_id"):
            if (value := getattr(wanted, column)) is not None:
                query = query.where(getattr(OrderRow, column) == value)
        async with self._database.transaction() as session:
            return (await session.scalars(query)).all()

    async def abandoned(self, limit: int = 100) -> Sequence[OrderRow]:
        """Pending orders nobody works on any more, as after a crash."""
        query = (
            select(OrderRow)
            .where(OrderRow.status == Status.PENDING, OrderRow.abandoned_after < _now())
            .order_by(OrderRow.id)
            .limit(limit)
        )
        async with self._database.transaction(quiet=True) as session:
            return (await session.scalars(query)).all()

    async def take_delivery(self) -> int:
        """Fill up what runs low, so that a long run does not end with empty shelves."""
        async with self._database.transaction(quiet=True) as session:
            filled = await session.execute(
                update(ProductRow)
                .where(ProductRow.stock < ProductRow.low)
                .values(stock=ProductRow.full)
            )
        return _rows(filled)

    async def forget(self, age: timedelta, limit: int = 1_000) -> int:
        """Strike out the oldest settled orders and their mails, a bounded number at a time."""
        oldest = select(OrderRow.id).order_by(OrderRow.id).limit(limit)
        forgettable = select(OrderRow.id).where(
            OrderRow.id.in_(oldest),
            OrderRow.status != Status.PENDING,
            OrderRow.created_at < _now() - age,
            # The last one stays, or SQLite would give its number again.
            OrderRow.id < select(func.max(OrderRow.id)).scalar_subquery(),
        )
        async with self._database.transaction(quiet=True) as session:
            ids = (await session.scalars(forgettable)).all()
            if ids:
                await session.execute(
                    delete(NotificationRow).where(NotificationRow.order_id.in_(ids))
                )
                await session.execute(delete(OrderRow).where(OrderRow.id.in_(ids)))
        return len(ids)

    def _pending(self, request: OrderRequest, unit_minor: int) -> OrderRow:
        now = _now()
        return OrderRow(
            status=Status.PENDING,
            product_id=request.product_id,
            quantity=request.quantity,
            amount_minor=unit_minor * request.quantity,
            currency=request.currency,
            payment_method=request.payment_method,
            user_email=request.user_email,
            idempotency_key=f"order-{secrets.token_hex(16)}",
            abandoned_after=now + self._payment_time,
            created_at=now,
            updated_at=now,
        )


async def _price(session: AsyncSession, request: OrderRequest) -> int:
    price = await session.scalar(
        select(PriceRow.unit_minor).where(
            PriceRow.product_id == request.product_id, PriceRow.currency == request.currency
        )
    )
    if price is None:
        raise unknown_product(request.product_id)
    return price


async def _take(session: AsyncSession, request: OrderRequest) -> None:
    """One conditional UPDATE: two orders cannot both get the last one."""
    taken = await session.execute(
        update(ProductRow)
        .where(ProductRow.id == request.product_id, ProductRow.stock >= request.quantity)
        .values(stock=ProductRow.stock - request.quantity)
    )
    if not _rows(taken):
        left = await session.scalar(
            select(ProductRow.stock).where(ProductRow.id == request.product_id)
        )
        raise out_of_stock(request.product_id, left or 0)


async def _leave_pending(
    session: AsyncSession,
    order_id: int,
    status: Status,
    *,
    charge_id: str | None = None,
    failure: str | None = None,
) -> OrderRow | None:
    changed = await session.execute(
        update(OrderRow)
        .where(OrderRow.id == order_id, OrderRow.status == Status.PENDING)
        .values(status=status, charge_id=charge_id, failure=failure, updated_at=_now())
    )
    return await session.get(OrderRow, order_id) if _rows(changed) else None


async def _queue_mail(session: AsyncSession, order: OrderRow) -> None:
    with tracer.start_as_current_span("notification.send_email") as span:
        mail = NotificationRow(
            order_id=order.id,
            template="order_confirmed",
            recipient=order.user_email,
            queued_at=_now(),
        )
        session.add(mail)
        await session.flush()
        span.set_attributes({"notification.id": mail.id, "notification.template": mail.template})


def _rows(result: Result[Any]) -> int:
    return result.rowcount if isinstance(result, CursorResult) else 0


def _now() -> datetime:
    return datetime.now(UTC)
