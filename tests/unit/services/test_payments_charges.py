"""Payments: one charge for each key, whatever happens, and of a card only the last digits."""

import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest

from payments.app import create_app
from payments.charges import ChargeRequest
from payments.settings import Settings
from payments.store import ChargeStore

pytestmark = pytest.mark.anyio
CHARGE = {"amount_minor": 3998, "currency": "EUR", "payment_method": "card"}
KEY = "order-0123456789"


@asynccontextmanager
async def open_payments(database: Path) -> AsyncIterator[httpx2.AsyncClient]:
    app = create_app(Settings(database=database))
    transport = httpx2.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://payments") as http,
    ):
        yield http


@pytest.fixture
async def http(tmp_path: Path) -> AsyncIterator[httpx2.AsyncClient]:
    async with open_payments(tmp_path / "payments.db") as client:
        yield client


async def charge(http: httpx2.AsyncClient, key: str = KEY, **fields: Any) -> httpx2.Response:
    return await http.post("/charges", json={**CHARGE, **fields}, headers={"Idempotency-Key": key})


async def test_a_charge_is_made_once_for_its_key(http: httpx2.AsyncClient) -> None:
    first, again = await charge(http), await charge(http)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    assert first.json()["status"] == "succeeded"


async def test_a_charge_outlives_the_process(tmp_path: Path) -> None:
    async with open_payments(tmp_path / "payments.db") as http:
        made = (await charge(http)).json()
    async with open_payments(tmp_path / "payments.db") as http:
        assert (await http.get(f"/charges/{KEY}")).json() == made


async def test_a_key_cannot_be_used_for_another_charge(http: httpx2.AsyncClient) -> None:
    await charge(http)
    answer = await charge(http, amount_minor=1)
    assert (answer.status_code, answer.json()["code"]) == (409, "idempotency_key_reused")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"card_number": "4000 0000 0000 0002"}, "card_declined"),
        ({"card_number": "4000000000009995"}, "insufficient_funds"),
        ({"card_number": "4000000000000069"}, "expired_card"),
        ({"amount_minor": 1_000_001}, "amount_limit"),
    ],
)
async def test_the_same_request_is_declined_for_the_same_reason_each_time(
    http: httpx2.AsyncClient, fields: dict[str, Any], reason: str
) -> None:
    for _ in range(2):
        answer = await charge(http, **fields)
        assert (answer.status_code, answer.json()["code"]) == (402, reason)


async def test_a_voided_key_is_never_charged(http: httpx2.AsyncClient) -> None:
    assert (await http.delete(f"/charges/{KEY}")).json()["status"] == "voided"
    answer = await charge(http)
    assert (answer.status_code, answer.json()["code"]) == (409, "charge_voided")


async def test_voiding_what_was_charged_refunds_it_once(http: httpx2.AsyncClient) -> None:
    await charge(http)
    statuses = [(await http.delete(f"/charges/{KEY}")).json()["status"] for _ in range(2)]
    assert statuses == ["refunded", "refunded"]


async def test_an_unknown_key_has_no_charge(http: httpx2.AsyncClient) -> None:
    answer = await http.get(f"/charges/{KEY}")
    assert (answer.status_code, answer.json()["code"]) == (404, "unknown_charge")


@pytest.mark.parametrize("key", ["", "short", "with space", "x" * 65, "line\tend-0123"])
async def test_a_key_that_cannot_be_is_refused(http: httpx2.AsyncClient, key: str) -> None:
    assert (await charge(http, key)).status_code == 422


async def test_a_card_leaves_nothing_but_its_last_digits(
    http: httpx2.AsyncClient, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    card = "4111 1111 1111 1234"
    made = await charge(http, card_number=card)
    assert made.json()["card_last4"] == "1234"
    refused = await charge(http, "order-other-key", card_number=card, amount_minor=-1)
    assert refused.status_code == 422
    kept = _content(tmp_path)
    for text in (made.text, refused.text, kept, caplog.text):
        assert "4111" not in text


async def test_a_request_id_is_kept_if_it_is_harmless_and_replaced_if_not(
    http: httpx2.AsyncClient,
) -> None:
    kept = await http.get("/health", headers={"X-Request-ID": "abc-1"})
    assert kept.headers["x-request-id"] == "abc-1"
    for hostile in ("a b", "x" * 65, '{"event":"forged"}'):
        answer = await http.get("/health", headers={"X-Request-ID": hostile})
        assert len(answer.headers["x-request-id"]) == 8


async def test_health_says_that_the_store_is_reachable(http: httpx2.AsyncClient) -> None:
    assert (await http.get("/health")).json() == {"status": "ok", "store": "reachable"}


def _content(folder: Path) -> str:
    files = folder.glob("payments.db*")
    return b"".join(path.read_bytes() for path in files).decode("latin-1")


def test_a_charge_is_forgotten_once_it_was_kept_long_enough(tmp_path: Path) -> None:
    request = ChargeRequest.model_validate(CHARGE)
    store = ChargeStore(tmp_path / "payments.db", keep_days=7)
    for number in range(5):
        store.charge(f"order-of-long-ago-{number}", request)
    with sqlite3.connect(tmp_path / "payments.db") as database:
        database.execute("UPDATE charges SET created_at = '2001-01-01T00:00:00.000+00:00'")
    database.close()
    store.charge("order-of-yesterday", request)
    for number in range(3):
        store.charge(f"order-of-today-{number}", request)
    assert store.find("order-of-yesterday") is not None
    assert [store.find(f"order-of-long-ago-{number}") for number in range(5)] == [None] * 5
    store.close()
