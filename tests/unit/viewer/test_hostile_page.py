"""A web page in the user's browser: it can neither ask the viewer nor send to it."""

from collections.abc import Iterator

import otlp_requests as otlp
import pytest
from viewer_process import Viewer, request, viewer
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

TRACE = "0af7651916cd43dd8448eb211c80319c"
EVIL = "https://evil.example"
LINE = b'{"resourceLogs": [{"scopeLogs": [{"logRecords": [{"body": {"stringValue": "x"}}]}]}]}'


@pytest.fixture(scope="module")
def running() -> Iterator[Viewer]:
    with viewer(None) as started:
        yield started


@pytest.mark.parametrize("path", ["/", "/api/status", "/api/v1/query?query=1", "/assets/main.js"])
@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},  # a name bent to 127.0.0.1
        {"host": "127.0.0.1.evil.example:3000"},
        {"host": "localhost.evil.example"},
        {"host": ""},
        {"host": "[::1"},
        {"origin": EVIL},
        {"origin": "null"},
        {"origin": "http://["},
        {"origin": "http://127.0.0.1:1"},  # another server of this machine
        {"sec-fetch-site": "cross-site", "sec-fetch-dest": "image"},
        {"sec-fetch-site": "cross-site", "sec-fetch-dest": "iframe"},
        {"sec-fetch-site": "same-site", "sec-fetch-dest": "empty"},
    ],
)
def test_it_cannot_ask(running: Viewer, path: str, headers: dict[str, str]) -> None:
    answer = running.get(path, headers)
    assert answer.status in {400, 403}
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    "view",
    [
        *("/", "/?token=x", "/d/service", "/d/service/a-slug?from=now-1h", "/logs", "/logs/"),
        *("/traces", f"/traces/{TRACE}", "/map", "/explore", "/alerts", "/status"),
    ],
)
def test_a_link_from_elsewhere_leads_to_every_view(running: Viewer, view: str, site: str) -> None:
    answer = running.get(view, {"sec-fetch-site": site, "sec-fetch-dest": "document"})
    assert answer.status == 200
    assert answer.headers["content-security-policy"].startswith("default-src 'self'")


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
@pytest.mark.parametrize(
    "path",
    [
        *("/api/v1/query?query=1", "/api/v1/series?match[]=up", "/api/status", "/api/targets"),
        *("/loki/api/v1/query_range?query=%7Ba%3D%22b%22%7D", "/api/search?q=%7B%7D", "/metrics"),
        *(f"/api/traces/{TRACE}", "/assets/main.js", "/healthz", "/nowhere"),
    ],
)
def test_a_window_that_another_page_opens_asks_nothing(
    running: Viewer, path: str, site: str
) -> None:
    opened = {"sec-fetch-site": site, "sec-fetch-dest": "document"}
    answer = running.get(path, opened)
    assert answer.status == 403
    assert b"another origin" in answer.body
    # Who writes the same address into the address bar is shown it.
    assert running.get(path, opened | {"sec-fetch-site": "none"}).status in {200, 404}


def test_a_link_from_elsewhere_leads_nowhere_at_the_receivers_port(running: Viewer) -> None:
    opened = {"sec-fetch-site": "cross-site", "sec-fetch-dest": "document"}
    for path in ("/", "/v1/traces"):
        url = f"http://127.0.0.1:{running.otlp_http}{path}"
        assert request(url, headers=opened).status == 403


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", ""])
def test_a_form_cannot_send(running: Viewer, kind: str) -> None:
    """Such need no permission asked beforehand; browsers name their origin all the same."""
    before = running.rows("logs")
    assert running.post("/v1/logs", LINE, kind, origin=EVIL).status == 403
    # Even one that says no origin is not taken for OTLP.
    assert running.post("/v1/logs", LINE, kind).status == 415
    body = b'{"job": "a", "url": "http://127.0.0.1:1/m"}'
    target = f"http://127.0.0.1:{running.port}/api/targets"
    assert request(target, body, {"content-type": kind, "origin": EVIL}).status == 403
    assert request(target, body, {"content-type": kind}).status == 400
    assert running.json("/api/targets") == []
    assert running.post("/v1/logs", otlp.logs().SerializeToString()).status == 200
    running.stored("logs", before + 1)


@pytest.mark.parametrize("port", ["port", "otlp_http"])
def test_no_permission_is_given_when_asked_beforehand(running: Viewer, port: str) -> None:
    headers = {"origin": EVIL, "access-control-request-method": "POST"}
    answer = request(f"http://127.0.0.1:{getattr(running, port)}/v1/logs", None, headers)
    assert answer.status == 403
    assert not any(name.startswith("access-control") for name in answer.headers)


def test_it_cannot_open_the_live_tail(running: Viewer) -> None:
    url = f"ws://127.0.0.1:{running.port}/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D"
    for origin in (EVIL, "null", "http://127.0.0.1:1"):
        with pytest.raises(InvalidStatus), connect(url, origin=origin):  # type: ignore[arg-type]
            pass
    with connect(url, origin=f"http://127.0.0.1:{running.port}"):  # type: ignore[arg-type]
        pass
