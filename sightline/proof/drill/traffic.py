"""Customers of a drill's own: a bounded number, at a bounded rate, for as long as it takes."""

import itertools
import json
import random
import secrets
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from sightline.proof.drill.story import Load
from sightline.proof.http import Unreachable, request

NO_ANSWER = 0
_SECONDS = 30.0
_REMEMBERED = 200
_METHODS, _CURRENCIES = ("card", "paypal"), ("EUR", "USD")


@dataclass(frozen=True)
class Sent:
    """One request, by the trace and the request id that it was given."""

    trace_id: str
    request_id: str
    method: str
    status: int
    seconds: float


@dataclass
class Traffic:
    """Sends for as long as its block lasts; the customers end with this process."""

    orders: str
    load: Load
    run: str
    sent: int = 0
    unanswered: int = 0
    last: deque[Sent] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))

    def __post_init__(self) -> None:
        self._ended = threading.Event()
        self._turn = itertools.count()
        self._lock = threading.Lock()
        self._began = 0.0
        self._customers: list[threading.Thread] = []

    def __enter__(self) -> Self:
        self._began = time.monotonic()
        for _ in range(self.load.customers):
            customer = threading.Thread(target=self._ask_on_and_on, daemon=True)
            customer.start()
            self._customers.append(customer)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._ended.set()
        deadline = time.monotonic() + _SECONDS
        for customer in self._customers:
            customer.join(max(0.0, deadline - time.monotonic()))

    def victims(self, wanted: Callable[[Sent], bool]) -> list[Sent]:
        """The newest first."""
        with self._lock:
            return [one for one in reversed(self.last) if wanted(one)]

    def _ask_on_and_on(self) -> None:
        while not self._ended.is_set():
            with self._lock:
                turn = next(self._turn)
            if self.load.rate:
                # On a clock, and not sooner because an answer took long: the rate is a bound.
                at = self._began + turn / self.load.rate
                if self._ended.wait(max(0.0, at - time.monotonic())):
                    return
            self._note(send(self.orders, f"drill-{self.run}-{turn}", self._order(turn)))

    def _order(self, turn: int) -> dict[str, object] | None:
        # Evenly spread, so that the share of purchases is that of any few requests.
        buys = turn * self.load.buying // 100 != (turn + 1) * self.load.buying // 100
        if not buys:
            return None
        return order(self.load.card)

    def _note(self, one: Sent) -> None:
        with self._lock:
            self.sent += 1
            self.unanswered += one.status == NO_ANSWER
            self.last.append(one)


def order(card: str = "") -> dict[str, object]:
    body: dict[str, object] = {
        "product_id": random.randint(1, 5),  # noqa: S311 — goods, nothing secret
        "quantity": 1,
        "payment_method": "card" if card else random.choice(_METHODS),  # noqa: S311 — see above
        "currency": random.choice(_CURRENCIES),  # noqa: S311 — see above
        "user_email": "drill@example.com",
    }
    return body | ({"card_number": card} if card else {})


def send(
    orders: str, request_id: str, body: dict[str, object] | None, path: str = "/orders?limit=5"
) -> Sent:
    """A purchase, or without a body a look; in a trace that is kept whatever the sampling."""
    trace_id = secrets.token_hex(16)
    headers = {
        "User-Agent": "sightline-drill",
        "X-Request-ID": request_id,
        "traceparent": f"00-{trace_id}-{secrets.token_hex(8)}-01",
    }
    method, url, data = "GET", f"{orders}{path}", None
    if body is not None:
        headers["Content-Type"] = "application/json"
        method, url, data = "POST", f"{orders}/checkout", json.dumps(body).encode()
    began = time.monotonic()
    try:
        answer = request(url, timeout=_SECONDS, method=method, headers=headers, body=data)
        status = answer.status
    except Unreachable:
        status = NO_ANSWER  # counted, and told
    return Sent(trace_id, request_id, method, status, time.monotonic() - began)
