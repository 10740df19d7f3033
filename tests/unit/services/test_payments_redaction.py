"""What payments keeps out of its log lines: by key, by value, in whatever form they came."""

import logging

import pytest

from payments import redaction
from payments.records import RedactionFilter

CARD = "4111111111111111"


@pytest.mark.parametrize(
    ("value", "secret"),
    [
        (f"/x/{CARD}", CARD),
        (f"id-{CARD}x", CARD),
        ("card 4111 1111-1111.1111, thanks", "1111"),
        ("42 4111 1111 1111 1111 12/27", "1111"),
        ("/x/password=sekret/4111", "sekret"),
        ('{"api_key": "sekret"}', "sekret"),
        ("pin=sekret", "sekret"),
        ("card_pin=sekret", "sekret"),
        ("Authorization: Basic c2VrcmV0OjEyMw==", "c2Vr"),
        ("got Bearer sekret-123", "sekret"),
        ("postgresql://ada:sekret@db/charges", "sekret"),
        ("card=4111+1111+1111+1111&a=%20", "1111"),
        ("a=password%3Dsekret", "sekret"),
        ("a=4111%2B1111%201111%2D1111", "1111"),
    ],
)
def test_a_text_is_shown_without_its_secret(value: str, secret: str) -> None:
    shown = redaction.text(value)
    assert secret not in shown
    assert redaction.REDACTED in shown
    assert redaction.text(shown) == shown


@pytest.mark.parametrize(
    "value",
    [
        "/charges/order-0123456789",
        "0af7651916cd43dd8448eb211c80319c",
        "ch_4111111111111111abcdef01",
        "4111111111111112",
        "2026-10-04T12:34:56.123456Z",
        "the basic plan",
        "a%20b+c",
        "spinning=1",
    ],
)
def test_a_text_without_a_secret_stays_as_it_is(value: str) -> None:
    assert redaction.text(value) == value


@pytest.mark.parametrize(
    "key",
    [
        *("authorization", "cookie", "Set-Cookie", "password", "passwd", "client_secret", "token"),
        *("access_token", "apiKey", "X-Api-Key", "card_number", "cvv", "pin"),
    ],
)
def test_a_field_with_a_secret_key_is_masked_whole(key: str) -> None:
    assert redaction.fields({key: "sekret"}) == {key: redaction.REDACTED}
    assert redaction.fields({"in": {key: 123}}) == {"in": {key: redaction.REDACTED}}


def test_the_fields_of_a_charge_stay_as_they_are() -> None:
    fields = {"charge_id": "ch_1", "amount_minor": 3998, "decline_code": "x", "replayed": False}
    assert redaction.fields(fields) == fields


def record_of(message: object, *args: object, **extra: object) -> logging.LogRecord:
    record = logging.makeLogRecord({"msg": message, "args": args, **extra})
    assert RedactionFilter().filter(record)
    return record


def test_a_record_is_cleaned_in_message_arguments_and_fields() -> None:
    record = record_of("card %s", CARD, password="sekret", card=int(CARD), notes=[f"a {CARD}"])
    assert "sekret" not in str(vars(record))
    assert CARD not in str(vars(record))
    assert record.getMessage() == "card [REDACTED]"


def test_arguments_that_do_not_fit_cost_no_line() -> None:
    assert record_of("card %d", CARD).getMessage().startswith("card %d")
    assert CARD not in record_of("card %d", CARD).getMessage()


def test_an_exception_is_shown_without_its_secret() -> None:
    error = ValueError(f"bad card {CARD}")
    record = record_of("broken", exc_info=(ValueError, error, None))
    assert record.exc_info is None
    assert record.exc_text is not None
    assert record.exc_text.endswith("ValueError: bad card [REDACTED]")
    assert CARD not in str(vars(record))
    assert vars(record)["exception.type"] == "ValueError"


def test_no_text_makes_the_search_slow() -> None:
    for hostile in ("4 " * 8_000, "%" * 16_000, "password" * 2_000, "://a:" * 3_000, "a:" * 8_000):
        assert len(redaction.text(hostile)) <= redaction.TEXT_LIMIT + 1
