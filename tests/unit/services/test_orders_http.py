"""The HTTP face of orders: what is refused and how, paging, faults, health, hostile input."""

import json
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sample_system import ORDER, Shop, closed_port, open_shop
from sqlalchemy import URL, make_url

from orders.settings import Settings

pytestmark = pytest.mark.anyio
CARD = "4111 1111 1111 1111"


@pytest.fixture
def database_url(tmp_path: Any) -> URL:
    """What is promised here does not depend on the database."""
    return make_url(f"sqlite+aiosqlite:///{tmp_path}/orders.db")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("product_id", 0),
        ("product_id", 2**40),
        ("product_id", "one"),
        ("quantity", 0),
        ("quantity", -3),
        ("quantity", 10**9),
        ("payment_method", "cash"),
        ("currency", "eur"),
        ("user_email", "no address"),
        ("user_email", "ada@example.com\n{}"),
        ("user_email", "<b>ada</b>@example.com"),
        ("user_email", "a" * 250 + "@example.com"),
        ("card_number", "12"),
    ],
)
async def test_a_field_that_cannot_be_is_named_and_its_value_not_repeated(
    shop: Shop, field: str, value: Any
) -> None:
    answer = await shop.place(**{field: value})
    assert answer.status_code == 422
    problem = answer.json()
    assert problem["code"] == "invalid_request"
    assert problem["message"]
    assert problem["remedy"]
    assert [error["loc"] for error in problem["errors"]] == [["body", field]]
    assert not [error for error in problem["errors"] if "input" in error]


async def test_no_part_of_a_refused_card_number_comes_back(shop: Shop) -> None:
    answer = await shop.place(card_number=CARD * 4)
    assert answer.status_code == 422
    assert "4111" not in answer.text


async def test_a_body_that_is_no_json_is_refused(shop: Shop) -> None:
    answer = await shop.http.post("/orders", content=b"{", headers={"content-type": "text/json"})
    assert answer.status_code == 422
    assert answer.json()["code"] == "invalid_request"


async def test_headers_beyond_measure_are_refused(shop: Shop) -> None:
    answer = await shop.http.get("/orders", headers={"x-big": "a" * 1_000_000})
    assert (answer.status_code, answer.json()["code"]) == (431, "headers_too_large")
    assert (await shop.http.get("/orders", headers={"x-big": "a" * 10_000})).status_code == 200


@pytest.mark.parametrize("order_id", [0, -1, -(2**63) + 1])
async def test_an_id_of_zero_or_less_is_refused_with_a_warning(
    shop: Shop, capfd: pytest.CaptureFixture[str], order_id: int
) -> None:
    answer = await shop.http.get(f"/orders/{order_id}")
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_order_id")
    (line,) = await _lines(shop, capfd, "order.invalid_id")
    assert (line["level"], line["order_id"]) == ("warning", order_id)


@pytest.mark.parametrize("order_id", ["abc", "1e3", str(10**30), "%0a"])
async def test_what_is_no_id_is_refused(shop: Shop, order_id: str) -> None:
    assert (await shop.http.get(f"/orders/{order_id}")).status_code == 422


async def test_an_unknown_order_is_not_found(shop: Shop) -> None:
    answer = await shop.http.get("/orders/999")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_order")


async def test_orders_are_paged_from_the_newest(shop: Shop) -> None:
    placed = [(await shop.place(quantity=1)).json()["order_id"] for _ in range(5)]
    seen: list[int] = []
    url = "/orders?limit=2"
    while True:
        page = (await shop.http.get(url)).json()
        seen += [order["order_id"] for order in page["orders"]]
        if page["next_before"] is None:
            break
        url = f"/orders?limit=2&before={page['next_before']}"
    assert seen == placed[::-1]


async def test_orders_are_filtered(shop: Shop) -> None:
    await shop.place(currency="USD")
    await shop.place(card_number="4000 0000 0000 0002", product_id=3)
    await shop.place(payment_method="paypal")
    counts = {
        query: len((await shop.http.get(f"/orders?{query}")).json()["orders"])
        for query in ("status=declined", "currency=USD", "payment_method=card", "product_id=3")
    }
    assert counts == {
        "status=declined": 1,
        "currency=USD": 1,
        "payment_method=card": 2,
        "product_id=3": 1,
    }


@pytest.mark.parametrize("query", ["limit=0", "limit=101", "before=0", "status=lost"])
async def test_a_filter_that_cannot_be_is_refused(shop: Shop, query: str) -> None:
    assert (await shop.http.get(f"/orders?{query}")).status_code == 422


async def test_an_address_is_masked_wherever_it_shows(
    shop: Shop, capfd: pytest.CaptureFixture[str], spans: InMemorySpanExporter
) -> None:
    answer = await shop.place(card_number=CARD)
    assert answer.json()["user_email"] == "a***@example.com"
    assert "ada@" not in (await shop.http.get("/orders")).text
    await _lines(shop, capfd, "order.created")
    written = json.dumps([dict(span.attributes or {}) for span in spans.get_finished_spans()])
    for secret in ("ada@example.com", CARD, CARD.replace(" ", "")):
        assert secret not in written


async def test_no_secret_of_an_order_is_in_a_log_line(
    shop: Shop, capfd: pytest.CaptureFixture[str]
) -> None:
    await shop.place(card_number=CARD)
    await shop.place(card_number=CARD, quantity=0)
    text = await _text(shop, capfd, "order.created")
    for secret in ("ada@example.com", CARD, CARD.replace(" ", "")):
        assert secret not in text


async def test_no_field_can_forge_a_log_line(shop: Shop, capfd: pytest.CaptureFixture[str]) -> None:
    forged = '\n{"level": "critical", "event": "forged.line"}'
    await shop.place(user_email=f"ada@example.com{forged}", notes=forged)
    await shop.http.get("/orders", params={"status": forged})
    await shop.place()
    text = await _text(shop, capfd, "order.created")
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    assert "forged.line" not in {line["event"] for line in lines}


async def test_every_refusal_is_described_in_the_openapi_document(shop: Shop) -> None:
    paths = (await shop.http.get("/openapi.json")).json()["paths"]
    documented = {
        (path, method): {*operation["responses"]}
        for path, methods in paths.items()
        for method, operation in methods.items()
    }
    for path in ("/orders", "/checkout"):
        wanted = {"201", "402", "404", "409", "422", "500", "502", "503", "504"}
        assert documented[path, "post"] >= wanted
    assert documented["/orders/{order_id}", "get"] >= {"200", "404", "422"}
    assert documented["/health", "get"] >= {"200", "503"}
    assert documented["/faults/{name}", "put"] >= {"200", "403", "422"}


@pytest.fixture
async def strict_shop(settings: Settings) -> AsyncIterator[Shop]:
    """As in production: no fault can be switched on."""
    plain = Settings(database_url=settings.database_url, payments_url=settings.payments_url)
    async with open_shop(plain) as opened:
        yield opened


@pytest.mark.parametrize(
    ("method", "path"),
    [("GET", "/faults"), ("PUT", "/faults/errors"), ("DELETE", "/faults/errors")],
)
async def test_faults_are_refused_unless_enabled(strict_shop: Shop, method: str, path: str) -> None:
    answer = await strict_shop.http.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (403, "faults_disabled")
    assert "SIGHTLINE_FAULTS=1" in answer.json()["remedy"]
    assert (await strict_shop.place()).status_code == 201


@pytest.mark.parametrize(
    ("fault", "status"), [("payment-declined", 402), ("payment-down", 503), ("errors", 500)]
)
async def test_a_fault_strikes_until_it_is_healed(shop: Shop, fault: str, status: int) -> None:
    assert (await shop.http.put(f"/faults/{fault}")).json()["active"] is True
    answer = await shop.place()
    assert answer.status_code == status
    assert answer.json()["remedy"]
    await shop.http.delete(f"/faults/{fault}")
    assert (await shop.place()).status_code == 201


async def test_a_fault_of_a_small_share_strikes_few(shop: Shop) -> None:
    await shop.http.put("/faults/errors", json={"ratio": 0.001})
    statuses = [(await shop.http.get("/orders")).status_code for _ in range(20)]
    assert statuses.count(200) >= 18


async def test_a_slow_database_shows_in_the_span_of_the_statement(
    shop: Shop, spans: InMemorySpanExporter
) -> None:
    await shop.http.put("/faults/slow-db", json={"delay_seconds": 0.3})
    began = time.perf_counter()
    assert (await shop.http.get("/orders/1")).status_code == 404
    assert time.perf_counter() - began >= 0.3
    (select,) = [
        span
        for span in spans.get_finished_spans()
        if "FROM orders" in str((span.attributes or {}).get("db.query.text"))
    ]
    assert select.end_time is not None
    assert select.start_time is not None
    assert select.end_time - select.start_time >= 0.3e9


@pytest.mark.parametrize("body", [{"delay_seconds": 11}, {"delay_seconds": 0}, {"ratio": 2}])
async def test_a_fault_out_of_bounds_is_refused(shop: Shop, body: dict[str, float]) -> None:
    assert (await shop.http.put("/faults/slow-db", json=body)).status_code == 422


async def test_an_unknown_fault_is_refused_by_naming_those_there_are(shop: Shop) -> None:
    answer = await shop.http.put("/faults/fire")
    assert answer.status_code == 422
    assert "'slow-db', 'payment-declined', 'payment-down' or 'errors'" in answer.text


async def test_health_says_that_the_database_is_reachable(shop: Shop) -> None:
    answer = await shop.http.get("/health")
    assert (answer.status_code, answer.json()["database"]) == (200, "reachable")


async def test_without_its_database_orders_says_so_and_lives(
    shop: Shop, settings: Settings
) -> None:
    from orders.book import OrderBook  # noqa: PLC0415 — only here
    from orders.database import Database  # noqa: PLC0415 — only here

    away = Database(
        make_url(f"postgresql+asyncpg://orders@127.0.0.1:{closed_port()}/orders"),
        shop.app.state.faults,
    )
    here, shop.app.state.database = shop.app.state.database, away
    book, shop.app.state.book = shop.app.state.book, OrderBook(away, settings.payment_seconds)
    answer = await shop.http.get("/health")
    assert (answer.status_code, answer.json()["database"]) == (503, "unreachable")
    answer = await shop.http.get("/orders")
    assert (answer.status_code, answer.json()["code"]) == (503, "database_unavailable")
    shop.app.state.database, shop.app.state.book = here, book
    assert (await shop.http.post("/orders", json=ORDER)).status_code == 201
    await away.close()


async def _text(shop: Shop, capfd: pytest.CaptureFixture[str], event: str) -> str:
    """What orders wrote, up to a line of this event; its writer is a thread of its own."""
    text, deadline = "", time.monotonic() + 10
    while f'"{event}"' not in text:
        assert time.monotonic() < deadline, f"no line {event}: {text}"
        await shop.http.get("/health")
        text += capfd.readouterr().out
    return text


async def _lines(shop: Shop, capfd: pytest.CaptureFixture[str], event: str) -> list[dict[str, Any]]:
    text = await _text(shop, capfd, event)
    lines = [json.loads(line) for line in text.splitlines() if line.startswith("{")]
    return [line for line in lines if line["event"] == event]
