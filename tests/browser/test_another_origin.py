"""A hostile page in a real browser: it reads nothing of the viewer, and leaves nothing in it."""

import json
import threading
import urllib.request
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page
from shop import Shop

LINE = '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"stringValue":"forged line"}}]}]}]}'
# Each way a page has to reach another server, and what came of it.
ATTACK = """async ([viewer, otlp, line]) => {
  const tried = {};
  const attempt = async (name, work) => {
    try { tried[name] = await work(); } catch (error) { tried[name] = "failed"; }
  };
  const loaded = (tag, fields) => new Promise((done) => {
    const node = Object.assign(document.createElement(tag), fields);
    node.onload = () => done("loaded");
    node.onerror = () => done("failed");
    document.body.append(node);
  });
  const post = (url, type) => fetch(url, { method: "POST", mode: "no-cors", credentials: "include",
    headers: { "content-type": type }, body: line }).then((answer) => answer.type);
  await attempt("read", () => fetch(`${viewer}/api/status`).then((answer) => answer.text()));
  await attempt("script", () => loaded("script", { src: `${viewer}/assets/vendor/uPlot.min.js` }));
  await attempt("image", () => loaded("img", { src: `${viewer}/assets/icon.svg` }));
  await attempt("plain", () => post(`${otlp}/v1/logs`, "text/plain"));
  await attempt("json", () => fetch(`${otlp}/v1/logs`, { method: "POST",
    headers: { "content-type": "application/json" }, body: line }).then((answer) => answer.status));
  await attempt("target", () => post(`${viewer}/api/targets`, "text/plain"));
  await attempt("socket", () => new Promise((done) => {
    const tail = new WebSocket(`${viewer.replace("http", "ws")}/loki/api/v1/tail?query={a="b"}`);
    tail.onopen = () => done("open");
    tail.onerror = () => done("failed");
  }));
  const frame = Object.assign(document.createElement("iframe"), { name: "hidden" });
  document.body.append(frame);
  const form = Object.assign(document.createElement("form"),
    { method: "post", action: `${otlp}/v1/logs`, enctype: "text/plain", target: "hidden" });
  form.append(Object.assign(document.createElement("input"), { name: line, value: "" }));
  document.body.append(form);
  form.submit();
  await new Promise((done) => { frame.onload = done; setTimeout(done, 3000); });
  return tried;
}"""


class Blank(BaseHTTPRequestHandler):
    """Another server of this machine, whose page is hostile."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("content-type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>hostile</title><body></body>")

    def log_message(self, *_: object) -> None:
        """Not among the tests' output."""


@pytest.fixture
def evil() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Blank) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/"
        server.shutdown()
        thread.join()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """Not watched: a page that attacks does what it should not."""
    context = browser.new_context()
    yield context.new_page()
    context.close()


def asked(shop: Shop, path: str) -> Any:
    with urllib.request.urlopen(shop.viewer + path, timeout=30) as answer:
        return json.load(answer)


def lines_taken(status: Any) -> int:
    services = status["received"]["services"]
    return sum(each["accepted"] for each in services if each["signal"] == "logs")


def test_a_page_of_another_origin_reads_nothing_and_leaves_nothing(
    shop: Shop, page: Page, evil: str
) -> None:
    otlp = f"http://127.0.0.1:{asked(shop, '/healthz')['otlp_http_port']}"
    before = asked(shop, "/api/status")
    page.goto(evil)
    tried = page.evaluate(ATTACK, [shop.viewer, otlp, LINE])
    # An opaque answer is one that the page can tell nothing from, not even that it was refused.
    assert tried == {
        "read": "failed",
        "script": "failed",
        "image": "failed",
        "plain": "opaque",
        "json": "failed",
        "target": "opaque",
        "socket": "failed",
    }
    after = asked(shop, "/api/status")
    assert lines_taken(after) == lines_taken(before)
    assert len(after["targets"]) == len(before["targets"])


def test_a_window_of_another_origin_shows_a_view_and_asks_no_query(
    shop: Shop, page: Page, evil: str
) -> None:
    page.goto(evil)
    shown = {}
    for path in ("/logs", "/api/v1/query?query=1", "/loki/api/v1/labels", "/api/search"):
        with page.expect_popup() as opened:
            page.evaluate("address => { window.open(address); }", shop.viewer + path)
        opened.value.wait_for_load_state()
        shown[path] = "another origin may not ask" in opened.value.content()
        opened.value.close()
    assert [path for path, refused in shown.items() if not refused] == ["/logs"]


def test_a_name_bent_to_this_machine_is_not_answered(shop: Shop, page: Page) -> None:
    # To a browser every name below localhost is this machine, as a rebound name is.
    answer = page.goto(f"http://rebound.localhost:{urlsplit(shop.viewer).port}/api/status")
    assert answer is not None
    assert answer.status == 403
    assert "rebound.localhost" in answer.text()
