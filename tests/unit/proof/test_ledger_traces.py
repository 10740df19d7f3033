"""The server spans of a run are counted the same, whichever store has them."""

import json
from collections import Counter
from typing import Any

import pytest
from doctors import Serve

from sightline.proof.ledger.run import Key, Run
from sightline.proof.ledger.traces import AT_ONCE, InJaeger, Mark, Spans, search_all
from sightline.proof.stores import StoreError

MARK = ("user_agent.original", "sightline-load/abc")
RUN = Run("abc", 1000.0, 1060.0, Counter({("GET", "/orders", 200): 120}))
CHECKOUT = Key("POST", "/checkout", "2xx")


def span(number: int, process: str, **tags: Any) -> dict[str, Any]:
    told = [{"key": key.replace("__", "."), "value": value} for key, value in tags.items()]
    return {"spanID": f"s{number}", "processID": process, "tags": told}


def test_in_jaeger_only_the_marked_server_spans_of_the_service_count(serve: Serve) -> None:
    http = {"http__request__method": "POST", "http__response__status_code": 201}
    server = {"span__kind": "server", "http__route": "/checkout", **http}
    mine = {"user_agent__original": MARK[1]}
    trace = {
        "traceID": "t1",
        "processes": {"p1": {"serviceName": "orders"}, "p2": {"serviceName": "payments"}},
        "spans": [
            span(1, "p1", **server, **mine),
            span(2, "p1", span__kind="client", **http),
            span(3, "p1", **server, user_agent__original="curl"),
            span(4, "p2", **server, **mine),
        ],
    }
    at = serve({"/api/traces": (200, json.dumps({"data": [trace]}))})
    assert InJaeger(at).search("orders", MARK, 1, 2) == ({"t1-s1": CHECKOUT}, 1)
    assert InJaeger(at).search("payments", MARK, 1, 2) == ({"t1-s4": CHECKOUT}, 1)


def test_jaeger_that_does_not_answer_as_asked_is_one_line(serve: Serve) -> None:
    at = serve({"/api/traces": (500, "badger is closed")})
    with pytest.raises(StoreError, match=r"Jaeger: .* answers 500 badger is closed"):
        InJaeger(at).search("orders", MARK, 1, 2)


class Store:
    """In each second so many spans begin, each in its own trace; a search gives the most it can."""

    name = "Store"

    def __init__(self, each_second: int) -> None:
        self.each_second = each_second

    def search(self, service: str, mark: Mark, start: int, end: int) -> tuple[Spans, int]:
        assert (service, mark) == ("orders", MARK)
        there = [
            f"{second}-{number}"
            for second in range(max(start, 1000), min(end, 1060))
            for number in range(self.each_second)
        ]
        return dict.fromkeys(there[:AT_ONCE], CHECKOUT), min(len(there), AT_ONCE)


@pytest.mark.parametrize("each_second", [2, 300, AT_ONCE - 1])
def test_all_are_found_however_few_a_search_gives(each_second: int) -> None:
    found: Spans = {}
    search_all(Store(each_second), "orders", MARK, RUN, 1070, found)
    assert len(found) == 60 * each_second


def test_more_in_a_second_than_a_search_gives_is_said_with_what_helps() -> None:
    with pytest.raises(StoreError, match=r"Store: more than 1,000 traces.*fewer requests a second"):
        search_all(Store(AT_ONCE), "orders", MARK, RUN, 1070, {})
