"""The stores' client: the viewer answers it, and what goes wrong is one line with its place."""

import socket
import time
from collections.abc import Callable, Iterator

import pytest
from viewer_process import Viewer, eventually, viewer

from sightline.proof.stores import StoreError, Stores

Serve = Callable[[dict[str, tuple[int, str]]], str]


@pytest.fixture(scope="module")
def running() -> Iterator[Viewer]:
    with viewer(None) as started:
        yield started


def at(url: str) -> Stores:
    return Stores(url, url, url, timeout=2)


def test_the_viewer_answers_the_questions_of_all_three_stores(running: Viewer) -> None:
    running.post("/v1/traces", TRACE, "application/json")
    running.post("/v1/logs", LOG, "application/json")
    stores = at(f"http://127.0.0.1:{running.port}")
    now = time.time()
    (span,) = eventually(lambda: stores.trace("0af7651916cd43dd8448eb211c80319c"), "the trace")
    assert span["resource"]["service.name"] == "shop"
    (found,) = stores.search("{ kind = server }", now - 3600, now, limit=5)
    assert found["traceID"] == "0af7651916cd43dd8448eb211c80319c"
    (line,) = eventually(lambda: stores.logs('{service_name="shop"}'), "the line")
    assert line["line"] == "sold"
    assert stores.number("1 + 1") == 2
    assert stores.trace("f" * 32) == []


def test_what_a_store_says_of_a_question_it_refuses_is_passed_on(running: Viewer) -> None:
    stores = at(f"http://127.0.0.1:{running.port}")
    with pytest.raises(StoreError, match=r"^Prometheus: .*/api/v1/query.* answers 400 .*parse"):
        stores.promql("sum(")


def test_a_store_that_is_away_is_named_with_its_address() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(StoreError, match=rf"^Loki: http://127.0.0.1:{port}/.*does not answer"):
        at(f"http://127.0.0.1:{port}").logs("{a=`b`}")


def test_a_store_that_accepts_and_says_nothing_is_given_up_in_time() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(StoreError, match=r"^Tempo: .* does not answer within 0\.2 s$"):
            Stores(url, url, url, timeout=0.2).trace("1")


@pytest.mark.parametrize("body", ["<html>\nlogin</html>", "[]", "{}", ""])
def test_an_answer_that_is_no_store_s_is_shown(serve: Serve, body: str) -> None:
    url = serve({"/api/v1/query": (200, body)})
    with pytest.raises(StoreError, match=f"^Prometheus: {url}/api/v1/query") as told:
        at(url).promql("up")
    assert "\n" not in str(told.value)


NOW = time.time_ns()
TRACE = b"""{"resourceSpans": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
  "scopeSpans": [{"spans": [{
    "traceId": "0af7651916cd43dd8448eb211c80319c", "spanId": "b7ad6b7169203331",
    "name": "GET /", "kind": 2, "startTimeUnixNano": "%d", "endTimeUnixNano": "%d"}]}]}]}
""" % (NOW, NOW + 1_000_000)
LOG = (
    b"""{"resourceLogs": [{
  "resource": {"attributes": [{"key": "service.name", "value": {"stringValue": "shop"}}]},
  "scopeLogs": [{"logRecords": [{"timeUnixNano": "%d", "body": {"stringValue": "sold"}}]}]}]}
"""
    % NOW
)
