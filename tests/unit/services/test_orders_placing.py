"""Placing an order: what it stores, what it charges, and that its state never lies."""

import asyncio
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import anyio
import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from sample_system import (
    DECLINED_CARD,
    ORDER,
    STUCK_CARD,
    Payments,
    Shop,
    closed_port,
    open_shop,
)

from orders import metrics
from orders.models import OrderRequest
from orders.payment import Payment
from orders.settings import Settings
from orders.tables import OrderRow

pytestmark = pytest.mark.anyio
FULL = 10_000


@pytest.mark.parametrize("path", ["/orders", "/checkout"])
async def test_an_order_is_charged_once_at_the_servers_price_and_confirmed(
    shop: Shop, payments: Payments, path: str
) -> None:
    answer = await shop.place(path)
    assert answer.status_code == 201
    document = answer.json()
    assert document["status"] == "confirmed"
    assert Decimal(document["amount"]) == Decimal("39.98")
    order = await shop.order()
    charge = payments.charge_of(order.idempotency_key)
    assert charge is not None
    assert (charge.status, charge.amount_minor, charge.currency) == ("succeeded", 3998, "EUR")
    assert document["charge_id"] == charge.charge_id == order.charge_id
    assert await shop.stock() == FULL - 2


async def test_a_price_in_yen_has_no_decimals(shop: Shop) -> None:
    assert (await shop.place(currency="JPY")).json()["amount"] == "6400"


async def test_the_mail_of_a_confirmed_order_is_queued_once(shop: Shop) -> None:
    await shop.place()
    (mail,) = await shop.mails()
    assert (mail.recipient, mail.template, mail.sent_at) == (
        "ada@example.com",
        "order_confirmed",
        None,
    )


async def test_an_unknown_product_is_refused_and_nothing_is_stored(
    shop: Shop, payments: Payments
) -> None:
    answer = await shop.place(product_id=6)
    assert answer.status_code == 404
    assert answer.json()["code"] == "unknown_product"
    assert await shop.rows(OrderRow) == []
    assert payments.gate.seen == []


async def test_more_than_is_in_stock_is_refused_and_the_stock_is_as_before(
    shop: Shop, payments: Payments
) -> None:
    answer = await shop.place(quantity=FULL + 1)
    assert answer.status_code == 409
    assert answer.json()["code"] == "out_of_stock"
    assert f"{FULL} left" in answer.json()["message"]
    assert await shop.stock() == FULL
    assert payments.gate.seen == []


async def test_orders_at_the_same_time_never_sell_more_than_there_is(shop: Shop) -> None:
    await shop.set_stock(5)
    answers = await asyncio.gather(*(shop.place(quantity=1) for _ in range(20)))
    assert sorted(a.status_code for a in answers) == [201] * 5 + [409] * 15
    assert await shop.stock() == 0
    assert len(await shop.mails()) == 5


async def test_a_declined_card_leaves_a_declined_order_and_the_goods_in_stock(shop: Shop) -> None:
    answer = await shop.place(card_number=DECLINED_CARD)
    assert answer.status_code == 402
    problem = answer.json()
    assert (problem["code"], problem["reason"]) == ("payment_declined", "card_declined")
    order = await shop.order()
    assert (order.id, order.status, order.failure) == (
        problem["order_id"],
        "declined",
        "card_declined",
    )
    assert await shop.stock() == FULL
    assert await shop.mails() == []


async def test_an_amount_beyond_the_limit_is_declined(shop: Shop) -> None:
    answer = await shop.place(product_id=2, quantity=100)
    assert (answer.status_code, answer.json()["reason"]) == (402, "amount_limit")


async def test_with_payments_down_the_order_fails_uncharged_and_says_what_to_do(
    settings: Settings,
) -> None:
    nowhere = Settings(
        database_url=settings.database_url,
        payments_url=f"http://127.0.0.1:{closed_port()}",
        payments_timeout=0.4,
    )
    async with open_shop(nowhere) as shop:
        answer = await shop.place()
        assert answer.status_code == 503
        assert answer.json()["code"] == "payment_unavailable"
        assert "Nothing was charged" in answer.json()["remedy"]
        assert answer.headers["retry-after"]
        assert (await shop.order()).status == "failed"
        assert await shop.stock() == FULL


async def test_payments_that_do_not_answer_in_time_are_called_off(
    shop: Shop, payments: Payments
) -> None:
    answer = await shop.place(card_number=STUCK_CARD)
    assert answer.status_code == 504
    assert answer.json()["code"] == "payment_timeout"
    order = await shop.order()
    assert (order.status, order.failure) == ("failed", "payment_timeout")
    assert await shop.stock() == FULL
    charge = payments.charge_of(order.idempotency_key)
    assert charge is not None
    assert charge.status == "voided"


async def test_a_lost_answer_is_asked_for_again_with_the_same_key_and_charged_once(
    shop: Shop, payments: Payments
) -> None:
    payments.gate.lose_answers = 1
    assert (await shop.place()).status_code == 201
    first, second = payments.gate.keys()
    assert first == second == (await shop.order()).idempotency_key


async def test_a_charge_whose_answers_were_all_lost_is_found_and_the_order_confirmed(
    shop: Shop, payments: Payments
) -> None:
    payments.gate.lose_answers = 2
    assert (await shop.place()).status_code == 201
    assert len(set(payments.gate.keys())) == 1
    assert [method for method, _, _ in payments.gate.seen] == ["POST", "POST", "GET"]


async def test_tries_are_bounded_and_an_order_of_unknown_fate_stays_pending(
    shop: Shop, payments: Payments
) -> None:
    payments.gate.lose_answers = 1000
    answer = await shop.place()
    assert answer.status_code == 503
    assert "stays pending" in answer.json()["remedy"]
    assert len(payments.gate.seen) == 3
    order = await shop.order()
    assert order.status == "pending"
    assert (await shop.http.get(f"/orders/{order.id}")).json()["status"] == "pending"


async def test_a_pending_order_is_settled_by_a_restart(
    settings: Settings, payments: Payments
) -> None:
    async with open_shop(settings) as shop:
        payments.gate.lose_answers = 1000
        await shop.place()
        await shop.abandon_orders()
    payments.gate.lose_answers = 0
    async with open_shop(settings) as shop:
        assert await _settled(shop) == "confirmed"
        assert len(await shop.mails()) == 1
        assert await shop.stock() == FULL - 2


async def test_a_crash_between_charge_and_confirmation_is_made_good_at_the_next_start(
    settings: Settings,
) -> None:
    async with open_shop(settings) as shop:
        order = await shop.app.state.book.reserve(OrderRequest.model_validate(ORDER))
        payment = Payment(order.idempotency_key, order.amount_minor, "EUR", "card")
        charge = await shop.app.state.placing._payments.charge(payment)
        await shop.abandon_orders()
    async with open_shop(settings) as shop:
        assert await _settled(shop) == "confirmed"
        assert (await shop.order()).charge_id == charge.charge_id


async def test_a_crash_before_the_charge_fails_the_order_and_no_late_charge_can_happen(
    settings: Settings, payments: Payments
) -> None:
    async with open_shop(settings) as shop:
        await shop.app.state.book.reserve(OrderRequest.model_validate(ORDER))
        await shop.abandon_orders()
    async with open_shop(settings) as shop:
        assert await _settled(shop) == "failed"
        assert await shop.stock() == FULL
        key = (await shop.order()).idempotency_key
    charge = payments.charge_of(key)
    assert charge is not None
    assert charge.status == "voided"


async def test_an_order_somebody_still_works_on_is_left_alone(settings: Settings) -> None:
    async with open_shop(settings) as shop:
        await shop.app.state.book.reserve(OrderRequest.model_validate(ORDER))
    async with open_shop(settings) as shop:
        assert list(await shop.app.state.book.abandoned()) == []
        assert (await shop.order()).status == "pending"


async def test_only_one_of_two_settles_an_order(settings: Settings) -> None:
    async with open_shop(settings) as shop:
        book = shop.app.state.book
        order = await book.reserve(OrderRequest.model_validate(ORDER))
        settled = await asyncio.gather(
            book.confirm(order.id, "ch_1"), book.close(order.id, "failed", "abandoned")
        )
        assert len([one for one in settled if one is not None]) == 1


async def test_a_delivery_fills_what_runs_low(shop: Shop) -> None:
    await shop.set_stock(10, low=11)
    # Housekeeping's first round may be faster; after this it has happened either way.
    assert await shop.app.state.book.take_delivery() in {0, 1}
    assert await shop.stock() == FULL
    assert await shop.app.state.book.take_delivery() == 0


@pytest.mark.parametrize(
    "fields",
    [{}, {"product_id": 6}, {"quantity": 90_000}, {"card_number": DECLINED_CARD}, {"quantity": 0}],
)
async def test_no_checkout_is_active_after_an_order_however_it_ended(
    shop: Shop, fields: dict[str, Any]
) -> None:
    await shop.place("/checkout", **fields)
    assert _value(metrics.active_checkouts) == 0


async def test_a_checkout_is_active_while_it_is_paid(shop: Shop) -> None:
    placing = asyncio.create_task(shop.place(card_number=STUCK_CARD))
    await _until(lambda: _value(metrics.active_checkouts) == 1)
    await placing
    assert _value(metrics.active_checkouts) == 0


async def test_the_business_is_counted_by_method_and_currency(shop: Shop) -> None:
    created = metrics.orders_created.labels("paypal", "GBP")
    duration = 'payment_duration_seconds_count{currency="GBP",payment_method="paypal"}'
    orders, took, value = _value(created), await _sample(shop, duration), await _value_sum(shop)
    await shop.place(payment_method="paypal", currency="GBP")
    await shop.place(payment_method="paypal", currency="GBP", card_number=DECLINED_CARD)
    assert _value(created) - orders == 1
    assert await _sample(shop, duration) - took == 2
    assert await _value_sum(shop) - value == pytest.approx(34.98)


async def test_an_order_runs_in_three_named_spans_with_sql_and_http_below(
    shop: Shop, spans: InMemorySpanExporter
) -> None:
    await shop.place()
    finished = {span.name: span for span in spans.get_finished_spans()}
    reserve = dict(finished["validate.inventory"].attributes or {})
    assert (reserve["product.id"], reserve["quantity"], reserve["in_stock"]) == (1, 2, True)
    payment = dict(finished["payment.process"].attributes or {})
    assert (payment["amount"], payment["currency"]) == (39.98, "EUR")
    assert str(payment["charge.id"]).startswith("ch_")
    assert "notification.id" in (finished["notification.send_email"].attributes or {})
    queries = [s for s in spans.get_finished_spans() if "db.query.text" in (s.attributes or {})]
    assert any("UPDATE products" in str((s.attributes or {})["db.query.text"]) for s in queries)
    assert finished["POST"].parent is not None
    assert finished["POST"].parent.span_id == finished["payment.process"].context.span_id


async def test_a_refused_payment_is_an_error_span_with_its_exception(
    shop: Shop, spans: InMemorySpanExporter
) -> None:
    await shop.place(card_number=DECLINED_CARD)
    (span,) = [s for s in spans.get_finished_spans() if s.name == "payment.process"]
    assert span.status.status_code is StatusCode.ERROR
    (event,) = span.events
    assert event.name == "exception"
    assert event.attributes is not None
    assert event.attributes["exception.type"] == "orders.payment.PaymentDeclinedError"


async def test_payments_is_told_the_request_id_and_the_trace(
    shop: Shop, payments: Payments
) -> None:
    answer = await shop.http.post("/orders", json=ORDER, headers={"X-Request-ID": "mine-7"})
    assert answer.headers["x-request-id"] == "mine-7"
    headers = payments.gate.seen[0][2]
    assert headers["x-request-id"] == "mine-7"
    assert "traceparent" in headers


async def _settled(shop: Shop) -> str:
    deadline = time.monotonic() + 10
    while (order := await shop.order()).status == "pending":
        assert time.monotonic() < deadline, "the order is still pending"
        await anyio.sleep(0.02)
    return order.status


async def _until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        await anyio.sleep(0.01)


def _value(metric: Any) -> float:
    value: float = metric._value.get()
    return value


async def _value_sum(shop: Shop) -> float:
    return await _sample(shop, 'order_value_sum{currency="GBP"}')


async def _sample(shop: Shop, series: str) -> float:
    answer = await shop.http.get("/metrics")
    (line,) = [x for x in answer.text.splitlines() if x.startswith(series + " ")]
    return float(line.split(" ")[1])
