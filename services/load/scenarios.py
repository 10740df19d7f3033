"""What customers do, with the answers each step may get; everything else is unexpected."""

import random
from dataclasses import dataclass, field
from typing import Any

DECLINED_CARD = "4000000000000002"
SLOW_CARD = "4000000000003063"
CURRENCIES = ("EUR", "EUR", "USD", "GBP", "JPY")
METHODS = ("card", "card", "card", "paypal", "bank_transfer")


@dataclass(frozen=True)
class Step:
    """One request: `route` groups it in the report, `about` says what is special about it."""

    method: str
    route: str
    path: str
    expected: frozenset[int]
    about: str = ""
    body: dict[str, Any] | None = field(default=None)

    @property
    def name(self) -> str:
        return f"{self.method} {self.route}" + (f" ({self.about})" if self.about else "")


def browse() -> Step:
    query = random.choice(("", "?limit=5", "?status=confirmed", "?currency=EUR&limit=50"))
    return Step("GET", "/orders", f"/orders{query}", frozenset({200}))


def look_at(order_id: int) -> Step:
    return Step("GET", "/orders/{order_id}", f"/orders/{order_id}", frozenset({200}))


def look_at_invalid() -> Step:
    expected = frozenset({422})
    return Step("GET", "/orders/{order_id}", f"/orders/{-random.randrange(9)}", expected, "invalid")


def look_at_unknown() -> Step:
    path = f"/orders/{10**15 + random.randrange(10**6)}"
    return Step("GET", "/orders/{order_id}", path, frozenset({404}), "unknown")


def buy(route: str) -> Step:
    return _place(route, {201})


def buy_slowly() -> Step:
    """The card's issuer takes its time: a slow order for the traces."""
    return _place("/checkout", {201}, "slow", payment_method="card", card_number=SLOW_CARD)


def buy_declined() -> Step:
    return _place("/checkout", {402}, "declined", payment_method="card", card_number=DECLINED_CARD)


def buy_unknown() -> Step:
    return _place("/orders", {404}, "unknown product", product_id=404)


def buy_too_much() -> Step:
    return _place("/orders", {409}, "out of stock", quantity=99_999)


def buy_invalid() -> Step:
    return _place("/orders", {422}, "invalid", quantity=0)


def _place(route: str, expected: set[int], about: str = "", **changed: Any) -> Step:
    body = {
        "product_id": random.randint(1, 5),
        "quantity": random.randint(1, 3),
        "payment_method": random.choice(METHODS),
        "currency": random.choice(CURRENCIES),
        "user_email": f"customer{random.randrange(1000)}@example.com",
    }
    return Step("POST", route, route, frozenset(expected), about, {**body, **changed})


# How often each happens, in parts of their sum.
PURCHASES = (
    (lambda: buy("/checkout"), 40),
    (lambda: buy("/orders"), 40),
    (buy_slowly, 4),
    (buy_declined, 6),
    (buy_unknown, 4),
    (buy_too_much, 2),
    (buy_invalid, 4),
)
