"""The HTTP face of orders."""

from http import HTTPStatus
from typing import Annotated, Any

import structlog
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from opentelemetry.instrumentation.utils import suppress_instrumentation

from orders.book import Filter, OrderBook
from orders.database import DATABASE_ERRORS, Database
from orders.errors import invalid_order_id, unknown_order
from orders.faults import strike_errors
from orders.models import (
    Currency,
    Health,
    Order,
    OrderPage,
    OrderRequest,
    PaymentMethod,
    Problem,
    Status,
    major,
    masked,
)
from orders.placing import Placing
from orders.tables import OrderRow

HEALTH_SECONDS = 2.0
MAX_ID = 2**63 - 1
log = structlog.get_logger(__name__)


def _problems(**by_status: str) -> dict[int | str, dict[str, Any]]:
    described = {**by_status, "_500": "A fault of ours", "_503": "A service we need is away"}
    return {
        int(status.lstrip("_")): {"model": Problem, "description": description}
        for status, description in described.items()
    }


PLACING_PROBLEMS = _problems(
    _402="The payment was declined",
    _404="There is no such product",
    _409="Not enough in stock",
    _422="The request is not valid",
    _502="Payments rejected the charge",
    _504="Payments did not answer in time",
)


async def _book(request: Request) -> OrderBook:
    book: OrderBook = request.app.state.book
    return book


async def _placing(request: Request) -> Placing:
    placing: Placing = request.app.state.placing
    return placing


async def _database(request: Request) -> Database:
    database: Database = request.app.state.database
    return database


Book = Annotated[OrderBook, Depends(_book)]
Place = Annotated[Placing, Depends(_placing)]
router = APIRouter(tags=["orders"], dependencies=[Depends(strike_errors)])
health_router = APIRouter(tags=["health"])


@router.get("/orders", responses=_problems(_422="The request is not valid"))
async def list_orders(
    book: Book,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    before: Annotated[int | None, Query(ge=1, le=MAX_ID)] = None,
    status: Status | None = None,
    payment_method: PaymentMethod | None = None,
    currency: Currency | None = None,
    product_id: Annotated[int | None, Query(gt=0, lt=2**31)] = None,
) -> OrderPage:
    """The newest first; `next_before` leads to the next page."""
    wanted = Filter(before, status, payment_method, currency, product_id)
    rows = await book.page(wanted, limit)
    more = len(rows) == limit
    return OrderPage(
        orders=[_shown(row) for row in rows], next_before=rows[-1].id if more else None
    )


@router.get(
    "/orders/{order_id}",
    responses=_problems(_404="There is no such order", _422="No id of an order"),
)
async def get_order(book: Book, order_id: Annotated[int, Path(ge=-MAX_ID, le=MAX_ID)]) -> Order:
    if order_id <= 0:
        log.warning("order.invalid_id", order_id=order_id)
        raise invalid_order_id(order_id)
    row = await book.get(order_id)
    if row is None:
        log.info("order.not_found", order_id=order_id)
        raise unknown_order(order_id)
    return _shown(row)


@router.post("/orders", status_code=HTTPStatus.CREATED, responses=PLACING_PROBLEMS)
async def create_order(placing: Place, order: OrderRequest) -> Order:
    return _shown(await placing.place(order))


@router.post("/checkout", status_code=HTTPStatus.CREATED, responses=PLACING_PROBLEMS)
async def checkout(placing: Place, order: OrderRequest) -> Order:
    """What a shop's page calls; the same as POST /orders."""
    return _shown(await placing.place(order))


@health_router.get("/health", responses={503: {"model": Health}})
async def health(database: Annotated[Database, Depends(_database)], response: Response) -> Health:
    try:
        with suppress_instrumentation():
            await database.check(HEALTH_SECONDS)
    except (*DATABASE_ERRORS, TimeoutError) as error:
        log.warning("health.database_unreachable", reason=type(error).__name__)
        response.status_code = HTTPStatus.SERVICE_UNAVAILABLE
        return Health(status="unavailable", database="unreachable")
    return Health(status="ok", database="reachable")


def _shown(row: OrderRow) -> Order:
    return Order(
        order_id=row.id,
        status=Status(row.status),
        product_id=row.product_id,
        quantity=row.quantity,
        amount=major(row.amount_minor, row.currency),
        currency=Currency(row.currency),
        payment_method=PaymentMethod(row.payment_method),
        user_email=masked(row.user_email),
        charge_id=row.charge_id,
        failure=row.failure,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )
