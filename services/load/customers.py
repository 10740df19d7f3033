"""The customers: who they are and how often they do what."""

import random
from typing import Any

from locust import FastHttpUser, between, constant_pacing, task

from load import scenarios
from load.scenarios import Step
from load.schedule import on_schedule
from load.tally import Answer, Tally
from load.telemetry import tracing

SEEN_AT_MOST = 50
tally = Tally()


class Shopper(FastHttpUser):
    """Sends steps, and judges each answer by what its step expects."""

    abstract = True
    host = "http://127.0.0.1:8000"
    connection_timeout = 5.0
    network_timeout = 30.0

    def on_start(self) -> None:
        self.placed: list[int] = []

    def do(self, step: Step) -> None:
        with tracing.span(step) as headers:
            status = self._ask(step, {**headers, **tally.next_headers()})
            tracing.answered(status)
        expected = status in step.expected
        tally.add(Answer(step.method, step.route, step.about, status, expected))

    def _ask(self, step: Step, headers: dict[str, str]) -> int:
        request = self.client.request(
            step.method,
            step.path,
            name=step.name,
            json=step.body,
            headers=headers,
            catch_response=True,
        )
        with request as response:
            status = int(response.status_code or 0)
            if status in step.expected:
                response.success()
            else:
                response.failure(f"{status or 'no answer'}: {(response.text or '')[:200]}")
            if status == 201:  # noqa: PLR2004 — HTTP's Created
                self._remember(response.json()["order_id"])
        return status

    def _remember(self, order_id: int) -> None:
        self.placed = [*self.placed[-SEEN_AT_MOST:], order_id]

    def look(self) -> None:
        self.do(
            scenarios.look_at(random.choice(self.placed)) if self.placed else scenarios.browse()
        )

    def buy(self) -> None:
        choices, weights = zip(*scenarios.PURCHASES, strict=True)
        self.do(random.choices(choices, weights)[0]())


class Customer(Shopper):
    """Browses, looks at orders, buys; some of it wrong, as people are."""

    wait_time = between(0.05, 0.3)

    @task(4)
    def browse_orders(self) -> None:
        self.do(scenarios.browse())

    @task(4)
    def look_at_an_order(self) -> None:
        self.look()

    @task(1)
    def ask_for_nonsense(self) -> None:
        self.do(random.choice((scenarios.look_at_invalid, scenarios.look_at_unknown))())

    @task(5)
    def buy_something(self) -> None:
        self.buy()


class GentleCustomer(Customer):
    """One request a second; two of them keep a demo's charts alive."""

    wait_time = constant_pacing(1)


def customers(users: int, rate: float | None, buying: int | None) -> type[Customer]:
    """Customers who together send so many requests a second, and of a hundred buy so often."""
    changed: dict[str, Any] = {}
    if rate is not None:
        changed["wait_time"] = on_schedule(users / rate)
    if buying is not None:
        changed["tasks"] = {
            Customer.buy_something: 9 * buying,
            Customer.browse_orders: 4 * (100 - buying),
            Customer.look_at_an_order: 4 * (100 - buying),
            Customer.ask_for_nonsense: 100 - buying,
        }
    return type("Customer", (Customer,), changed)
