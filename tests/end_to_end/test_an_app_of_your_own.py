"""An app as newcomers bring theirs is on the dashboards, by one call or without any code."""

import secrets
import tomllib
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from typing import Any

import anyio
import httpx2
import pytest
import websockets
from own_app import ROOT, OwnApp, blocks, run_own_app
from running_system import eventually

ONE_CALL, NO_CODE = "One call", "Without any code"
# The server hangs up after a fault; the next request must not meet that.
NO_REUSE = httpx2.Limits(max_keepalive_connections=0)
COUNTED = {
    ONE_CALL: 'sum by (handler) (http_requests_total{service_name="bookshop"})',
    NO_CODE: "sum by (handler) (label_replace("
    'http_server_request_duration_seconds_count{service_name="bookshop"},'
    ' "handler", "$1", "http_route", "(.+)"))',
}
# What is asked, how often, and the handler it belongs to: with one call, and without any code.
ASKED = [
    ("GET", "/books", 3, "/books", None),
    ("GET", "/books/1", 2, "/books/{book_id}", None),
    ("GET", "/books/99", 1, "/books/{book_id}", None),
    ("GET", "/books/13/worth", 1, "/books/{book_id}/worth", None),
    ("GET", "/books/export", 2, "/books/export", None),
    ("POST", "/v1/baskets/7/items", 2, "/v1/baskets/{basket_id}/items", None),
    ("GET", "/admin/stock/3", 2, "/admin/stock/{book_id}", None),
    ("GET", "/admin/none", 1, "none", "/admin/{path}"),
    ("GET", "/static/mail.py", 1, "/static", "/static/{path}"),
    ("GET", "/nowhere", 1, "none", None),
]


class Visit:
    """One customer's requests and talk, all within one trace of our choosing."""

    def __init__(self, app: OwnApp) -> None:
        self.trace_id = secrets.token_hex(16)
        self.headers = {"traceparent": f"00-{self.trace_id}-{secrets.token_hex(8)}-01"}
        self.expected: Counter[str] = Counter()
        self.before = counted(app)
        with httpx2.Client(base_url=app.url, headers=self.headers, limits=NO_REUSE) as client:
            for method, path, times, handler, otherwise in ASKED:
                body = {"book_id": 2} if method == "POST" else None
                for _ in range(times):
                    client.request(method, path, json=body, headers={"x-tired": "yes"})
                self.expected[(app.section == NO_CODE and otherwise) or handler] += times
        self.heard = anyio.run(self._talk, app)

    async def _talk(self, app: OwnApp) -> str:
        address = app.url.replace("http", "ws") + "/live/blue"
        async with websockets.connect(address, additional_headers=self.headers) as socket:
            await socket.send("Hello")
            return str(await socket.recv())

    def is_counted(self, app: OwnApp) -> bool:
        return counted(app) - self.before == self.expected


def counted(app: OwnApp) -> Counter[str]:
    return Counter(
        {
            sample["metric"].get("handler", "none"): int(float(sample["value"][1]))
            for sample in app.promql(COUNTED[app.section])
            # Started servers are asked for their page until it is there.
            if sample["metric"].get("handler") != "/docs"
        }
    )


@pytest.fixture(scope="module", params=[ONE_CALL, NO_CODE])
def app(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[OwnApp]:
    yield from run_own_app(request.param, tmp_path_factory.mktemp("own"))


@pytest.fixture(scope="module")
def visit(app: OwnApp) -> Visit:
    """The second one: a rate needs to have seen a counter rise."""
    first = Visit(app)
    eventually(lambda: first.is_counted(app), 30, f"{first.expected} of a first visit")
    return Visit(app)


def test_each_request_is_counted_once_by_its_whole_route(app: OwnApp, visit: Visit) -> None:
    eventually(lambda: visit.is_counted(app), 30, f"{visit.expected} in {counted(app)}")


def test_a_websocket_works_and_is_no_request_among_the_others(app: OwnApp, visit: Visit) -> None:
    assert visit.heard == "You said Hello."
    eventually(lambda: visit.is_counted(app), 30, "the counters")
    assert not [handler for handler in counted(app) if "live" in handler]
    names = {span["name"] for span in trace_of(app, visit)}
    assert {"GET /live/{room}", "WS /live/{room}"} & names


def test_a_streaming_answer_lasts_until_its_last_byte(app: OwnApp, visit: Visit) -> None:
    seconds = {
        ONE_CALL: 'sum(http_request_duration_seconds_sum{handler="/books/export"})',
        NO_CODE: 'sum(http_server_request_duration_seconds_sum{http_route="/books/export"})',
    }[app.section]
    # Two answers of four titles, each 50 ms after the one before.
    eventually(lambda: app.number(seconds) >= 0.4, 30, "the streams' seconds")


def test_lines_of_every_place_carry_the_ids_of_their_request(app: OwnApp, visit: Visit) -> None:
    expected = {
        "to the shelves",  # a dependency
        "exporting Ulysses",  # while an answer streams
        "a tired visitor",  # middleware
        "item added",  # a handler
        "basket remembered",  # a background task
        "books recommended",  # one in a thread
        "letter written",  # a pool that lives as long as the app
        "stock counted",  # a mounted app
        "customer came",  # a WebSocket
        "customer left",
    }
    query = f'{app.lines_query()} | trace_id="{visit.trace_id}"'
    eventually(lambda: expected <= {line["line"] for line in app.logs(query)}, 30, "the lines")
    spans = {b64decode(span["spanId"]).hex() for span in trace_of(app, visit)}
    assert {line["span_id"] for line in app.logs(query)} <= spans


def test_the_trace_holds_each_request_and_its_sql(app: OwnApp, visit: Visit) -> None:
    spans = trace_of(app, visit)
    servers = Counter(s["name"] for s in spans if s["kind"] == "SPAN_KIND_SERVER")
    assert servers["POST /v1/baskets/{basket_id}/items"] == 2
    assert servers["GET /admin/stock/{book_id}"] == 2
    assert servers.total() == visit.expected.total() + 1  # the talk
    (broken,) = [s for s in spans if s["name"] == "GET /books/{book_id}/worth"]
    assert broken["status"]["code"] == "STATUS_CODE_ERROR"
    assert [s for s in spans if s["attributes"].get("db.system.name") == "sqlite"]


def test_the_service_dashboard_shows_it(app: OwnApp, visit: Visit) -> None:
    eventually(lambda: visit.is_counted(app), 30, "the counters")
    panels = app.panels()
    for title in ("Requests now", "Requests per second", "p95 now", "Duration p50, p95, p99"):
        for query in panels[title]:
            assert app.number(query) > 0, title
    assert app.number(panels["5xx now"][0]) > 0
    shown = {s["metric"]["handler"]: float(s["value"][1]) for s in asked(app, "Errors per handler")}
    assert [handler for handler, rate in shown.items() if rate > 0] == ["/books/{book_id}/worth"]
    for title in ("Requests per handler", "p95 per handler"):
        handlers = {sample["metric"]["handler"] for sample in asked(app, title)}
        assert handlers - {"/docs"} == set(visit.expected), title
    assert app.logs(app.lines_query())


def asked(app: OwnApp, title: str) -> list[dict[str, Any]]:
    (query,) = app.panels()[title]
    return app.promql(query)


def trace_of(app: OwnApp, visit: Visit) -> list[dict[str, Any]]:
    whole = visit.expected.total() + 1

    def spans() -> list[dict[str, Any]] | None:
        found = app.spans(visit.trace_id)
        return found if sum(s["kind"] == "SPAN_KIND_SERVER" for s in found) >= whole else None

    return eventually(spans, 30, f"{whole} server spans")


def test_what_is_installed_without_any_code_is_what_payments_runs_on() -> None:
    install = blocks(NO_CODE, "sh")[0].removeprefix("pip install ").split()
    project = tomllib.loads((ROOT / "services" / "pyproject.toml").read_text())["project"]
    assert set(install) <= set(project["optional-dependencies"]["payments"])
