"""Each way an order can be refused: its status, its code, and what to do about it."""

from http import HTTPStatus

from orders.models import Problem


class OrderError(Exception):
    """A refusal the caller is told about; anything else is a fault of ours."""

    def __init__(self, status: HTTPStatus, problem: Problem) -> None:
        super().__init__(problem.code)
        self.status = status
        self.problem = problem


def unknown_product(product_id: int) -> OrderError:
    return OrderError(
        HTTPStatus.NOT_FOUND,
        Problem(
            code="unknown_product",
            message=f"There is no product {product_id}.",
            remedy="Order one of the products 1 to 5.",
        ),
    )


def out_of_stock(product_id: int, available: int) -> OrderError:
    return OrderError(
        HTTPStatus.CONFLICT,
        Problem(
            code="out_of_stock",
            message=f"Product {product_id} has {available} left in stock.",
            remedy="Order fewer, or again after the next delivery.",
        ),
    )


def payment_declined(order_id: int, reason: str) -> OrderError:
    return OrderError(
        HTTPStatus.PAYMENT_REQUIRED,
        Problem(
            code="payment_declined",
            message="The payment was declined; nothing was charged.",
            remedy="Order again with another payment method.",
            order_id=order_id,
            reason=reason,
        ),
    )


def payment_unavailable(order_id: int, *, pending: bool = False) -> OrderError:
    return OrderError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Problem(
            code="payment_unavailable",
            message="The payment service cannot be reached.",
            remedy=_PENDING if pending else "Nothing was charged: order again in a moment.",
            order_id=order_id,
        ),
    )


def payment_timeout(order_id: int, *, pending: bool = False) -> OrderError:
    return OrderError(
        HTTPStatus.GATEWAY_TIMEOUT,
        Problem(
            code="payment_timeout",
            message="The payment service did not answer in time.",
            remedy=_PENDING if pending else "The payment was called off: order again in a moment.",
            order_id=order_id,
        ),
    )


def payment_rejected(order_id: int, reason: str) -> OrderError:
    return OrderError(
        HTTPStatus.BAD_GATEWAY,
        Problem(
            code="payment_rejected",
            message="The payment service did not accept the charge; nothing was charged.",
            remedy="This is a fault between our services; report it with the X-Request-ID.",
            order_id=order_id,
            reason=reason,
        ),
    )


def invalid_order_id(order_id: int) -> OrderError:
    return OrderError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        Problem(
            code="invalid_order_id",
            message=f"{order_id} cannot be the id of an order.",
            remedy="Order ids start at 1.",
        ),
    )


def unknown_order(order_id: int) -> OrderError:
    return OrderError(
        HTTPStatus.NOT_FOUND,
        Problem(
            code="unknown_order",
            message=f"There is no order {order_id}.",
            remedy="GET /orders lists those there are.",
        ),
    )


def database_unavailable() -> OrderError:
    return OrderError(
        HTTPStatus.SERVICE_UNAVAILABLE,
        Problem(
            code="database_unavailable",
            message="The order database cannot be used right now.",
            remedy="Try again in a moment; GET /health says when it is back.",
        ),
    )


_PENDING = "The order stays pending and is settled by itself: see GET /orders/{order_id}."
