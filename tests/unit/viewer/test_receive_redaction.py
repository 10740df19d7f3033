"""Secrets that a sender did not keep back: none of them in any table; innocent text unharmed."""

import random
import string
from typing import Any

import orjson
import otlp_requests as otlp
import pytest
from google.protobuf import json_format
from opentelemetry.proto.metrics.v1.metrics_pb2 import Gauge, Metric, NumberDataPoint

from sightline.viewer.receive import redaction
from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.redaction import MASK, MAX_TEXT, Redactor, may_hold_secrets
from sightline.viewer.store import Store

CARD = "4111111111111111"
SECRET = "hunter2-Xq9"

SECRET_ATTRIBUTES = [
    {"http.request.header.authorization": [f"Bearer {SECRET}"]},
    {"Authorization": f"Basic {SECRET}"},
    {"http.request.header.cookie": f"sid={SECRET}"},
    {"set-cookie": SECRET},
    {"user.password": SECRET},
    {"userPassword": SECRET},
    {"db.passwd": SECRET},
    {"api_key": SECRET},
    {"x-api-key": SECRET},
    {"http.request.header.x-api-key": SECRET},
    {"accessToken": SECRET},
    {"client_secret": SECRET},
    {"card.number": SECRET},
    {"cvv": SECRET},
    {"nested": {"deep": [{"password": SECRET}]}},
    {"note": f"Authorization: Bearer {SECRET}"},
    {"note": f"curl -H 'authorization: bearer {SECRET}'"},
    {"url.full": f"https://shop.example/pay?password={SECRET}&x=1"},
    {"url.full": f"https://ada:{SECRET}@shop.example/"},
    {"db.connection_string": f"postgresql+asyncpg://app:{SECRET}@db:5432/orders"},
    {"json": f'{{"user": "ada", "password": "{SECRET}"}}'},
    {"json": f'{{\\"token\\": \\"{SECRET}\\"}}'},
    {"jwt": f"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.{SECRET}"},
    {"list": ["a", f"token={SECRET}"]},
    *({key: SECRET} for key in ("pin", "user.otp", "iban", "ssn", "session_id", "sessionId")),
    *({key: SECRET} for key in ("user.password_hash", "CVV", "cardNumber", "x-csrf", "pass%77ord")),
    {"note": f"cvv={SECRET}"},
    {"note": f"otp: {SECRET}"},
    {"note": f"passcode={SECRET}"},
    {"url.query": f"a=1&card_number={SECRET}"},
    {"url.query": f"sig={SECRET}&a=1"},
    {"url.query": f"pass%77ord={SECRET}"},
    {"url.query": f"next=%2Fpay%3Ftoken%3D{SECRET}%26x"},
    {"url.full": f"https://shop.example/?p%61ssword=a%26{SECRET}"},
    {"url.full": f"https://{SECRET}{SECRET}@sentry.example/1"},
    {"json": f'{{"card_number": "{SECRET}"}}'},
    {"json": f'{{"password": "with spaces {SECRET}"}}'},
    {"header": f"Cookie: a=b; sid={SECRET}"},
    {"db.error": f"[SQL: INSERT]\n[parameters: ('ada', '{SECRET}')]\n(at line 1)"},
]
CARDS = [
    CARD,
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    "5555555555554444",
    "378282246310005",
    f"card{CARD}",
    f"_{CARD}",
    f"{CARD}EUR",
    "4111.1111.1111.1111",
    "3782 822463 10005",
    "6011111111111117",
    int(CARD),
    float(CARD),
]
INNOCENT = [
    "order.created",
    "1795480113542676123",
    "4111111111111112",
    "0af7651916cd43dd8448eb211c80319c",
    "4fd0b6ff-9c6f-4d14-8111-411111111111",
    "GET /orders/{order_id} took 12.5 ms",
    "http://127.0.0.1:8000/metrics",
    "ada@example.com",
    "basic authentication is needed",
    "total=12345678901234",
    "0.4111111111111111",
    "input tokens: many",
    "a4111111111111111b0c1d2e3f405162",
    "4111111111111a11",
    "GET /orders?page=2&sort=%2Bname",
    "span=3 mapping: wide",
    "token_count=12",
]


async def everything(receiver: Receiver, store: Store, found: dict[str, Any]) -> str:
    """All that is stored of a span, its event and resource, a log line and a metric with it."""
    trace = otlp.traces(attributes=found)
    trace.resource_spans[0].resource.attributes.extend(otlp.pairs(found))
    span = trace.resource_spans[0].scope_spans[0].spans[0]
    span.events.add(name="e", attributes=otlp.pairs(found))
    span.links.add(attributes=otlp.pairs(found))
    point = NumberDataPoint(as_int=1, time_unix_nano=10**18, attributes=otlp.pairs(found))
    metric = Metric(name="m", gauge=Gauge(data_points=[point]))
    for name, request in (
        ("traces", trace),
        ("logs", otlp.logs("line", attributes=found)),
        ("logs", otlp.logs(found)),
        ("metrics", otlp.metrics(metric)),
    ):
        await receiver.receive(name, request.SerializeToString())
    store.flush()
    tables = ("spans", "logs", "resources", "series")
    return repr([store.query(f"SELECT * FROM {table}") for table in tables])  # noqa: S608 — names above


@pytest.mark.anyio
@pytest.mark.parametrize("found", SECRET_ATTRIBUTES, ids=lambda found: next(iter(found)))
async def test_a_secret_reaches_no_table(
    receiver: Receiver, store: Store, found: dict[str, Any]
) -> None:
    stored = await everything(receiver, store, found)
    assert SECRET not in stored
    assert MASK in stored


@pytest.mark.anyio
@pytest.mark.parametrize("card", CARDS, ids=repr)
async def test_a_card_number_reaches_no_table(
    receiver: Receiver, store: Store, card: float | str
) -> None:
    stored = await everything(receiver, store, {"reference": card})
    digits = stored.replace(" ", "").replace("-", "")
    assert CARD not in digits.replace(".", "")
    assert str(card).replace(" ", "").replace("-", "").removesuffix(".0") not in digits


@pytest.mark.anyio
@pytest.mark.parametrize(
    ("place", "fields"),
    [("name", {"name": f"pay {CARD}"}), ("status", {"status": {"message": f"token={SECRET}"}})],
)
async def test_names_and_messages_are_looked_through_too(
    receiver: Receiver, store: Store, place: str, fields: dict[str, Any]
) -> None:
    await receiver.receive("traces", otlp.traces(**fields).SerializeToString())
    store.flush()
    stored = repr(store.query("SELECT * FROM spans"))
    assert place
    assert CARD not in stored
    assert SECRET not in stored


@pytest.mark.anyio
async def test_the_name_of_an_event_is_looked_through_and_cut_like_any_text(
    receiver: Receiver, store: Store
) -> None:
    for name in (f"paid with {CARD}", f"token={SECRET}", "x" * 2 * MAX_TEXT):
        request = otlp.logs("", event_name=name)
        await receiver.receive("logs", request.SerializeToString())
    store.flush()
    stored = repr(store.query("SELECT * FROM logs"))
    assert CARD not in stored
    assert SECRET not in stored
    longest = store.query("SELECT max(length(body)), max(length(attrs)) FROM logs")[0]
    assert max(longest) < MAX_TEXT + 200


@pytest.mark.parametrize("text", INNOCENT)
def test_innocent_text_is_left_alone(text: str) -> None:
    assert Redactor().text(text) == text


@pytest.mark.parametrize(
    "key", ["payment_method", "user.id", "http.route", "session.id", "gen_ai.usage.input_tokens"]
)
def test_innocent_keys_are_left_alone(key: str) -> None:
    assert Redactor().attributes({key: "x"}, texts=True) == {key: "x"}


@pytest.mark.parametrize("found", SECRET_ATTRIBUTES, ids=lambda found: next(iter(found)))
def test_the_glance_at_the_bytes_misses_no_secret_text(found: dict[str, Any]) -> None:
    text = repr(found)
    raw = otlp.traces(attributes={"note": text}).SerializeToString()
    if Redactor().text(text) != text:
        assert may_hold_secrets(raw)


def test_the_glance_never_says_no_where_the_look_finds_something() -> None:
    chance = random.Random(7)
    words = ["Bearer", "basic", "password", "token", "=", ": ", '"', "://", "@", ":", " ", "-"]
    words += ["cvv", "pin", "otp", "%77", "%3D", "card_number", "parameters: ", "["]
    words += ["4111", "1111", "eyJ", ".", "api_key", "cookie", "secret", "ABCdef123", "\u0130"]
    for _ in range(20_000):
        text = "".join(chance.choice([*words, *string.ascii_letters]) for _ in range(14))
        if Redactor().text(text) != text:
            assert may_hold_secrets(text.encode()), text


HUGE = ["://", "://a:", "basic " + "a" * 60, "password=", "411111111111 ", "4", "eyJaaaaaaa-"]


@pytest.mark.anyio
@pytest.mark.parametrize("piece", HUGE)
async def test_only_what_is_kept_of_a_huge_value_is_looked_through(
    receiver: Receiver, store: Store, piece: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked_at: list[int] = []
    clean = redaction._cleaned

    def counted(text: str) -> str:
        looked_at.append(len(text))
        return clean(text)

    monkeypatch.setattr(redaction, "_cleaned", counted)
    huge = piece * (2_000_000 // len(piece))
    found = {"a": huge, "b": [{"c": huge}]}
    request = otlp.logs(f"password=x {huge}", attributes=found)
    request.resource_logs[0].resource.attributes.extend(otlp.pairs(found))
    raw = orjson.dumps(json_format.MessageToDict(request))
    await receiver.receive("logs", raw, json=True)
    store.flush()
    assert store.query("SELECT count(*) FROM logs") == [(1,)]
    assert 0 < max(looked_at) <= 2 * MAX_TEXT
    assert sum(looked_at) <= 8 * MAX_TEXT


@pytest.mark.parametrize("secret", [CARD, f"https://ada:{SECRET}@shop.example/", f"pwd={SECRET}"])
@pytest.mark.parametrize("before", [1, 5, 12, 17])
def test_a_secret_across_the_end_of_what_is_kept_goes_too(secret: str, before: int) -> None:
    kept = Redactor().text(" " * (MAX_TEXT - before) + secret + " " * MAX_TEXT)
    assert kept.count("4111") == 0
    assert "hunter" not in kept


def test_further_keys_are_those_of_the_services(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_REDACT_KEYS", "loyalty_number,x")
    found = {"user.loyaltyNumber": "7", "plain": "7"}
    assert Redactor().attributes(found, texts=False) == {"user.loyaltyNumber": MASK, "plain": "7"}
