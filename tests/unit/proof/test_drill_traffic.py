"""A drill's customers are as many as it says, no faster than it says, and gone when it ends."""

import json
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from sightline.proof.drill.leak import made_up_card
from sightline.proof.drill.story import Load
from sightline.proof.drill.traffic import Traffic


class Shop(ThreadingHTTPServer):
    """Answers 201 to whatever is bought and 200 to the rest, and remembers what it was asked."""

    asked: list[tuple[str, dict[str, str], str]]

    def __init__(self) -> None:
        self.asked = []
        super().__init__(("127.0.0.1", 0), Desk)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Desk(BaseHTTPRequestHandler):
    server: Shop

    def do_GET(self) -> None:
        self._answer(200, "")

    def do_POST(self) -> None:
        self._answer(201, self.rfile.read(int(self.headers["Content-Length"])).decode())

    def _answer(self, status: int, body: str) -> None:
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.server.asked.append((self.command, headers, body))
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Its requests are the test's own."""


@pytest.fixture
def shop() -> Iterator[Shop]:
    with Shop() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def wait_for(traffic: Traffic, count: int) -> None:
    deadline = time.monotonic() + 30
    while traffic.sent < count:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_it_never_sends_more_than_its_rate(shop: Shop) -> None:
    began = time.monotonic()
    with Traffic(shop.url, Load(customers=5, rate=40), "a") as traffic:
        wait_for(traffic, 20)
    assert len(shop.asked) <= 40 * (time.monotonic() - began) + 1


def test_it_ends_with_its_block(shop: Shop) -> None:
    before = threading.active_count()
    with Traffic(shop.url, Load(customers=5, rate=200), "a") as traffic:
        wait_for(traffic, 5)
    sent = traffic.sent
    assert sent == len(shop.asked)
    time.sleep(0.05)
    assert len(shop.asked) == sent
    deadline = time.monotonic() + 10
    while threading.active_count() > before:  # the server's own may not have ended yet
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_each_request_can_be_found_again_by_id_and_trace(shop: Shop) -> None:
    with Traffic(shop.url, Load(customers=1, rate=200, buying=50), "a1") as traffic:
        wait_for(traffic, 10)
    known = {one.request_id: one.trace_id for one in traffic.victims(lambda _: True)}
    asked = [headers for _, headers, _ in shop.asked]
    assert len(known) == traffic.sent == len(asked)
    for headers in asked:
        assert headers["x-request-id"].startswith("drill-a1-")
        trace_id = known[headers["x-request-id"]]
        assert headers["traceparent"].startswith(f"00-{trace_id}-")
        assert headers["traceparent"].endswith("-01")


def test_purchases_are_the_share_that_it_says_and_pay_with_its_card(shop: Shop) -> None:
    with Traffic(shop.url, Load(customers=1, buying=20, card="4000"), "a") as traffic:
        wait_for(traffic, 50)
    bought = [json.loads(body) for method, _, body in shop.asked[:50] if method == "POST"]
    assert len(bought) == 10
    assert {(one["payment_method"], one["card_number"]) for one in bought} == {("card", "4000")}


def test_a_shop_that_is_not_there_is_counted() -> None:
    with Traffic("http://127.0.0.1:1", Load(customers=1, rate=100), "a") as traffic:
        wait_for(traffic, 2)
    assert traffic.unanswered == traffic.sent


def test_a_made_up_card_passes_for_one() -> None:
    digits = [int(digit) for digit in made_up_card()]
    assert len(digits) == 16
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[::2]]
    assert (sum(doubled) + sum(digits[1::2])) % 10 == 0
