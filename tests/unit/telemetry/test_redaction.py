"""Secrets never leave: not in fields, texts, stacks, spans; and what is none stays readable."""

import json
import logging
import time
from typing import Any

import pytest
import structlog
from fastapi import FastAPI
from fastapi.testclient import TestClient
from opentelemetry import trace
from opentelemetry.trace import StatusCode

from sightline.telemetry.redaction import REDACTED, Redactor
from sightline.telemetry.testing import CapturedTelemetry

redactor = Redactor(("vip-number",))


@pytest.mark.parametrize(
    "key",
    [
        "password", "PASSWORD", "user_password", "userPassword", "db.password", "passwd", "pwd",
        "Authorization", "http.request.header.authorization", "proxy-authorization", "cookie",
        "Set-Cookie", "api_key", "apiKey", "X-API-Key", "secret", "client_secret", "token",
        "access_token", "refreshToken", "card_number", "cardNumber", "credit.card", "cvv", "pan",
        "private_key", "session_id", "vip_number", "vipNumber",
    ],
)  # fmt: skip
def test_a_value_under_a_secret_key_is_hidden(key: str) -> None:
    assert redactor.value(key, "hunter2") == REDACTED
    assert redactor.value(key, 12345) == REDACTED
    assert redactor.value(key, ["hunter2"]) == REDACTED


@pytest.mark.parametrize(
    "key",
    ["order_id", "author", "payment_method", "token_count", "max_tokens", "company", "span", "path",
     "passenger", "charge.id", "http.route", "card_type", "monkey", "status", "pinned", "keyboard"],
)  # fmt: skip
def test_a_value_under_any_other_key_stays(key: str) -> None:
    assert redactor.value(key, "plain") == "plain"


@pytest.mark.parametrize(
    ("text", "secret"),
    [
        ("paid with 4111111111111111 today", "4111111111111111"),
        ("paid with 4111 1111 1111 1111", "4111 1111"),
        ("5500-0000-0000-0004", "5500-0000"),
        ("amex 378282246310005", "378282246310005"),
        ("Authorization: Bearer abc.def-123", "abc.def"),
        ("header bearer abcdef123456", "abcdef123456"),
        ("Authorization: Basic YWRhOmh1bnRlcjI=", "YWRhOmh1bnRlcjI"),
        ("postgresql+asyncpg://ada:hunter2@db/orders", "hunter2"),
        ("http://ada:p%40ss@host/x?y=1", "p%40ss"),
        ("GET /x?token=abc123&page=2", "abc123"),
        ("/x?api_key=abc123", "abc123"),
        ("/x?X-Amz-Signature=abc123&a=1", "abc123"),
        ("/x?sig=abc123", "abc123"),
        ('{"password": "hunter2", "a": 1}', "hunter2"),
        ('{\\"password\\": \\"hunter2\\"}', "hunter2"),
        ("{'client_secret': 'hun ter2'}", "ter2"),
        ("password=hunter2", "hunter2"),
        ("UPDATE users SET password = 'hunter2 x' WHERE id = 1", "hunter2"),
        ("[SQL: INSERT …]\n[parameters: ('ada', 'hunter2')]\n(Background …)", "hunter2"),
        ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc-def", "eyJzdWIiOiIxIn0"),
        ("Cookie: session=abc123", "abc123"),
        ("vip-number=7788", "7788"),
        ("/orders/card4111111111111111", "4111111111111111"),
        ("order_4111111111111111", "4111111111111111"),
        ("4111111111111111x", "4111111111111111"),
        ("4111.1111.1111.1111", "4111.1111"),
        ("42 4111 1111 1111 1111 12/27", "1111 1111"),
        ("https://shop/x?card%5Fnumber=sekret&a=1", "sekret"),
        ("/reset/token/sekret", "sekret"),
    ],
)
def test_a_secret_within_a_text_is_hidden(text: str, secret: str) -> None:
    clean = redactor.text(text)
    assert secret not in clean
    assert REDACTED in clean


@pytest.mark.parametrize(
    "text",
    [
        "order 7 confirmed", "/orders/1234567890123", "4111111111111112", "1795480203088234496",
        "2026-11-24T00:30:03.146104Z", "a=b", "http://127.0.0.1:4318/v1/traces", "key: value",
        "basic understanding", "ada@example.com", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b71-01",
        "company=acme", "SELECT id, total FROM orders WHERE id = ?",
    ],
)  # fmt: skip
def test_a_text_without_secrets_stays_as_it_is(text: str) -> None:
    assert redactor.text(text) == text


@pytest.mark.parametrize(
    ("query", "kept"),
    [
        ("card%5Fnumber=sekret&pass%77ord=sekret2", "card%5Fnumber=*&pass%77ord=*"),
        ("a=%20b&p%61ge=2&ssn=sekret&c", "a=%20b&p%61ge=2&ssn=*&c"),
        ("next=%2Fx%3Fcard%255Fnumber%3Dsekret&a=1", "next=*&a=1"),
        ("password=x,sekret&user[pin]=sekret", "password=*&user[pin]=*"),
        ("auth=Bearer+sekret-1&q=a+b", "auth=*&q=a+b"),
        ("n=4111+1111+1111+1111", "n=*"),
        ("token%3Dsekret=1", "*"),
        ("page=2&sort=name%2Casc&empty=", "page=2&sort=name%2Casc&empty="),
    ],
)
def test_a_query_loses_its_secrets_and_keeps_the_rest_as_sent(query: str, kept: str) -> None:
    assert redactor.value("url.query", query) == kept.replace("*", REDACTED)


def test_a_pair_within_a_sequence_is_a_name_and_its_value() -> None:
    pairs = [("authorization", "x"), (b"cookie", b"y"), ["accept", "json"], ("a", 1, 2)]
    assert redactor.value("h", pairs) == [
        ["authorization", REDACTED],
        ["cookie", REDACTED],
        ["accept", "json"],
        ["a", 1, 2],
    ]


def test_the_query_of_a_request_is_judged_decoded(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    client.post("/checkout?card%5Fnumber=sekret&pass%77ord=sekret2&page=2")
    seen = json.dumps(telemetry.lines) + "".join(span.to_json() for span in telemetry.spans)
    assert "sekret" not in seen
    assert f"card%5Fnumber={REDACTED}&pass%77ord={REDACTED}&page=2" in seen


@pytest.mark.parametrize(
    "text",
    [
        "trace 0af4111111111111111cd43dd8448eb2 seen", "span b411111111111111",
        "id 4111111111111111000000000000000a", "0.4111111111111111", "94111111111111111",
        "17954111111111111111234", "img_20261124103015123.png", "/token/refresh", "100% of: a",
        "550e8400-e29b-41d4-a456-446655440000", "32 64 128 256 512", "/secret/keeper.py",
        "2026-11-24 10:30:15.123456789", "/search?q=50%25%20off",
    ],
)  # fmt: skip
def test_ids_times_and_plain_paths_stay_as_they_are(text: str) -> None:
    assert redactor.text(text) == text


def test_nested_values_are_cleaned_and_copied() -> None:
    original: dict[str, Any] = {"user": {"password": "x", "cards": ["4111111111111111"]}, "n": 1}
    clean = redactor.fields(original)
    assert clean == {"user": {"password": REDACTED, "cards": [REDACTED]}, "n": 1}
    assert original["user"]["password"] == "x"
    assert redactor.value("card", 4111111111111111) == REDACTED
    assert redactor.value("raw", b"token=abc") == f"token={REDACTED}"


def test_what_refers_to_itself_or_cannot_be_shown_does_no_harm() -> None:
    class Broken:
        def __str__(self) -> str:
            raise ValueError("no")

    loop: list[Any] = []
    loop.append(loop)
    assert "…" in json.dumps(redactor.value("loop", loop), ensure_ascii=False)
    assert "Broken" in redactor.value("x", Broken())


@pytest.mark.parametrize("part", ["token", "a.", "=", "4 ", "password=", "'", "://a:", "eyJ", "\\"])
def test_no_text_makes_the_search_slow(part: str) -> None:
    start = time.perf_counter()
    redactor.text(part * 500_000)
    assert time.perf_counter() - start < 1


SECRETS = ("hunter2", "4111111111111111", "tok_abc123", "YWRhOmh1bnRlcjI")


def test_no_secret_of_a_request_reaches_a_line_or_a_span(
    app: FastAPI, client: TestClient, telemetry: CapturedTelemetry
) -> None:
    @app.post("/pay/{card}")
    async def pay(card: str) -> None:
        log = structlog.get_logger()
        log.info("paid with %s", card, password="hunter2", user={"api_key": "tok_abc123"})
        logging.getLogger("lib").warning(
            "Authorization: Bearer tok_abc123", extra={"cookie": "hunter2"}
        )
        with trace.get_tracer("shop").start_as_current_span("charge") as span:
            span.set_attribute("http.request.header.authorization", ["Basic YWRhOmh1bnRlcjI="])
            span.set_attribute("url.full", "https://ada:hunter2@bank/x?token=tok_abc123")
            span.add_event("sent", {"card": card})
            span.set_status(StatusCode.ERROR, "password=hunter2 refused")
        raise ValueError(f"card {card} refused, token=tok_abc123")

    client.post(
        "/pay/4111111111111111?token=tok_abc123&page=2",
        headers={
            "authorization": "Basic YWRhOmh1bnRlcjI=",
            "cookie": "session=hunter2",
            "user-agent": "robot password=hunter2",
        },
    )
    seen = json.dumps(telemetry.lines) + "".join(span.to_json() for span in telemetry.spans)
    for secret in SECRETS:
        assert secret not in seen
    assert "page=2" in seen
    assert seen.count(REDACTED) > 10


def test_keys_can_be_added_by_environment(
    monkeypatch: pytest.MonkeyPatch, telemetry: CapturedTelemetry, request: pytest.FixtureRequest
) -> None:
    monkeypatch.setenv("SIGHTLINE_REDACT_KEYS", "shoe_size, badge")
    request.getfixturevalue("app")
    structlog.get_logger().info("said", shoe_size=44, badge="x", text="badge=77")
    line = telemetry.line("said")
    assert (line["shoe_size"], line["badge"], line["text"]) == (
        REDACTED,
        REDACTED,
        f"badge={REDACTED}",
    )
