"""Steady traffic, and the ledger of what was sent and answered: the truth for the stores."""

import itertools
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import httpx2

PER_SECOND = 10
PAYMENT_METHODS = ("card", "paypal")
CURRENCIES = ("EUR", "USD")


@dataclass(frozen=True)
class Sent:
    """One request: where it went by its route, what it ordered, what came back, and when."""

    handler: str
    method: str
    status: int
    at: float
    seconds: float
    request_id: str
    payment_method: str = ""
    currency: str = ""
    amount: float = 0.0


@dataclass
class Ledger:
    sent: list[Sent] = field(default_factory=list)

    def between(self, start: float, end: float) -> "Ledger":
        return Ledger([one for one in self.sent if start < one.at <= end])

    def where(self, wanted: Callable[[Sent], bool]) -> "Ledger":
        return Ledger([one for one in self.sent if wanted(one)])

    def by(self, key: Callable[[Sent], str]) -> Counter[str]:
        return Counter(key(one) for one in self.sent)

    def __len__(self) -> int:
        return len(self.sent)

    @property
    def placed(self) -> "Ledger":
        return self.where(lambda one: one.status == 201)

    @property
    def charged(self) -> "Ledger":
        """The ones that payments was asked about: confirmed, or declined."""
        return self.where(lambda one: one.status in {201, 402})

    @property
    def failed(self) -> "Ledger":
        return self.where(lambda one: one.status >= 500)


def order(payment_method: str = "card", currency: str = "EUR", **fields: Any) -> dict[str, Any]:
    return {
        "product_id": random.randint(1, 5),
        "quantity": 1,
        "payment_method": payment_method,
        "currency": currency,
        "user_email": "ada@example.com",
        **fields,
    }


@dataclass
class Traffic:
    """Sends to orders; every request lands in the ledger once its answer is there."""

    orders: str
    client: httpx2.Client
    ledger: Ledger = field(default_factory=Ledger)

    def checkout(self, **fields: Any) -> Sent:
        body = order(**fields)
        return self._send("POST", "/checkout", "/checkout", body)

    def get(self, path: str, handler: str) -> Sent:
        return self._send("GET", path, handler)

    def fault(self, name: str, **settings: Any) -> None:
        answer = self.client.put(f"{self.orders}/faults/{name}", json=settings or None)
        assert answer.status_code == 200, answer.text

    def heal(self, name: str) -> None:
        answer = self.client.delete(f"{self.orders}/faults/{name}")
        assert answer.status_code == 200, answer.text

    def steady(self, seconds: float) -> None:
        """Ten requests a second on a clock, however long the answers take."""
        start = time.monotonic()
        with ThreadPoolExecutor(24) as pool:
            answers = []
            for number, send in enumerate(itertools.islice(self._mix(), int(seconds * PER_SECOND))):
                time.sleep(max(0.0, start + number / PER_SECOND - time.monotonic()))
                answers.append(pool.submit(send))
            for answer in answers:
                answer.result()

    def _mix(self) -> Iterator[Callable[[], Sent]]:
        """Ten kinds of request, over and over."""
        orders = itertools.cycle(itertools.product(PAYMENT_METHODS, CURRENCIES))
        while True:
            for _ in range(5):
                method, currency = next(orders)
                yield lambda m=method, c=currency: self.checkout(payment_method=m, currency=c)
            yield lambda: self.get("/orders", "/orders")
            yield lambda: self.get("/orders", "/orders")
            yield lambda: self.get("/orders/1", "/orders/{order_id}")
            yield lambda: self.get("/orders/0", "/orders/{order_id}")  # 422, and a warning
            yield lambda: self.get("/nowhere", "none")

    def _send(self, method: str, path: str, handler: str, body: Any = None) -> Sent:
        began = time.perf_counter()
        answer = self.client.request(method, f"{self.orders}{path}", json=body)
        seconds = time.perf_counter() - began
        made = answer.json() if answer.status_code == 201 else {}
        sent = Sent(
            handler=handler,
            method=method,
            status=answer.status_code,
            at=time.time(),
            seconds=seconds,
            request_id=answer.headers["x-request-id"],
            payment_method=(body or {}).get("payment_method", ""),
            currency=(body or {}).get("currency", ""),
            amount=float(made.get("amount", 0)),
        )
        self.ledger.sent.append(sent)
        return sent
