"""A machine on the same network: it gets nothing without the token, sends nothing without a key."""

import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from http.client import HTTPConnection

import grpc
import otlp_requests as otlp
import psutil
import pytest
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub
from viewer_process import PROTOBUF, Answer, Viewer, viewer
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

TOKEN = "token-token-token-42"
KEYS = ("first-first-first-1", "second-second-second-2")
BEARER = {"authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def local() -> Iterator[Viewer]:
    with viewer(None) as started:
        yield started


@pytest.fixture(scope="module")
def shared() -> Iterator[Viewer]:
    env = {"SIGHTLINE_TOKEN": TOKEN, "SIGHTLINE_OTLP_KEYS": ",".join(KEYS)}
    with viewer(None, "--host", "0.0.0.0", **env) as started:  # noqa: S104 — what is tested
        yield started


def ask(running: Viewer, path: str, **headers: str) -> Answer:
    """Without following redirects; names of headers with `_` for `-`."""
    connection = HTTPConnection("127.0.0.1", running.port, timeout=30)
    method = headers.pop("method", "GET")
    body = headers.pop("body", None)
    with contextlib.closing(connection):
        connection.request(method, path, body, {k.replace("_", "-"): v for k, v in headers.items()})
        with connection.getresponse() as answer:
            found = {key.lower(): value for key, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())


def cookie(running: Viewer) -> str:
    given = ask(running, f"/?token={TOKEN}").headers["set-cookie"]
    return given.partition(";")[0]


def test_unless_asked_it_listens_on_this_machine_alone(local: Viewer) -> None:
    listening = [
        each.laddr
        for each in psutil.Process(local.process.pid).net_connections("inet")
        if each.status == psutil.CONN_LISTEN
    ]
    assert {address.port for address in listening} == {local.port, local.otlp_http, local.otlp_grpc}
    assert {address.ip.removeprefix("::ffff:") for address in listening} == {"127.0.0.1"}


@pytest.mark.parametrize(
    "path",
    [
        "/",
        "/d/service",
        "/logs",
        "/assets/main.js",
        "/api/status",
        "/api/targets",
        "/api/dashboards",
        "/metrics",
        "/api/v1/query?query=1",
        "/loki/api/v1/labels",
        "/api/search",
        "/api/traces/0a",
        "/nowhere",
        "/healthz/../api/status",
        "/api/status?token=wrong",
    ],
)
def test_nothing_is_answered_without_the_token(shared: Viewer, path: str) -> None:
    answer = ask(shared, path)
    assert answer.status == 401
    assert answer.headers["www-authenticate"] == "Bearer"
    assert b"asks for its token" in answer.body
    page = ask(shared, path, accept="text/html")
    assert page.status == 401
    assert b'type="password"' in page.body


def test_a_wrong_token_opens_nothing(shared: Viewer) -> None:
    for wrong in ("wrong", TOKEN[:-1], TOKEN + "x", "", "t\u00f6ken"):
        headers = {"authorization": f"Bearer {wrong}".encode().decode("latin-1")}
        assert shared.get("/api/status", headers).status == 401
        assert ask(shared, f"/?token={urllib.parse.quote(wrong)}").status == 401
    assert ask(shared, "/api/status", cookie=f"sightline-{shared.port}={TOKEN}").status == 401


def test_whether_it_runs_is_all_that_anybody_may_know(shared: Viewer) -> None:
    known = json.loads(shared.get("/healthz").body)
    assert known.keys() == {"status", "application", "otlp_http_port", "otlp_grpc_port"}


def test_the_link_becomes_a_cookie_that_no_script_and_no_other_site_has(shared: Viewer) -> None:
    answer = ask(shared, f"/logs?query=a%26b&token={TOKEN}")
    assert (answer.status, answer.headers["location"]) == (303, "/logs?query=a%26b")
    given = answer.headers["set-cookie"]
    assert "HttpOnly" in given
    assert "SameSite=strict" in given
    # What the browser shows to every server of this machine is not the token.
    assert TOKEN not in given
    assert ask(shared, "/api/status", cookie=cookie(shared)).status == 200


@pytest.mark.parametrize("path", ["//evil.example/", "/\\evil.example", "///evil.example"])
def test_the_link_leads_to_no_other_host(shared: Viewer, path: str) -> None:
    answer = ask(shared, f"{path}?token={TOKEN}")
    location = answer.headers.get("location", "/")
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_the_token_can_be_given_in_a_form(shared: Viewer) -> None:
    def sign_in(token: str, **headers: str) -> Answer:
        form = {"content_type": "application/x-www-form-urlencoded"} | headers
        body = urllib.parse.urlencode({"token": token})
        return ask(shared, "/sign-in", method="POST", body=body, **form)

    assert sign_in(TOKEN).headers["location"] == "/"
    assert sign_in("wrong").status == 401
    assert sign_in(TOKEN, origin="https://evil.example").status == 403
    assert sign_in("x" * 10_000).status == 413


def test_api_clients_show_the_token_in_a_header(shared: Viewer) -> None:
    answer = shared.get("/api/v1/query?query=1", BEARER)
    assert json.loads(answer.body)["status"] == "success"
    assert shared.get("/api/status", {"authorization": f"bearer {TOKEN}"}).status == 200


def test_the_live_tail_asks_for_the_token_too(shared: Viewer) -> None:
    url = f"ws://127.0.0.1:{shared.port}/loki/api/v1/tail?query=%7Ba%3D%22b%22%7D"
    with pytest.raises(InvalidStatus), connect(url):
        pass
    with (
        pytest.raises(InvalidStatus),
        connect(url, additional_headers=BEARER, origin="https://evil.example"),
    ):
        pass
    with connect(url, additional_headers={"cookie": cookie(shared)}):
        pass


@pytest.mark.parametrize("host", ["192.168.1.4:3000", "[fe80::1]:3000"])
def test_it_is_reached_by_its_addresses_and_by_no_foreign_name(shared: Viewer, host: str) -> None:
    assert ask(shared, "/api/status", host=host, **BEARER).status == 200
    assert ask(shared, "/api/status", host="evil.example:3000", **BEARER).status == 403


@pytest.mark.parametrize("path", ["/v1/traces", "/v1/logs", "/v1/metrics"])
@pytest.mark.parametrize("key", ["", "wrong", KEYS[0] + "x", TOKEN])
def test_nothing_is_received_by_http_without_a_key(shared: Viewer, path: str, key: str) -> None:
    answer = shared.post(path, otlp.traces().SerializeToString(), x_otlp_api_key=key)
    assert answer.status == 401
    assert "x-otlp-api-key" in Status.FromString(answer.body).message


def test_a_body_is_not_waited_for_without_a_key(shared: Viewer) -> None:
    head = f"POST /v1/traces HTTP/1.1\r\nhost: localhost\r\ncontent-type: {PROTOBUF}\r\n"
    with socket.create_connection(("127.0.0.1", shared.otlp_http), timeout=30) as sender:
        sender.sendall(f"{head}content-length: 10000000\r\n\r\n".encode() + b"x" * 1_000)
        assert b" 401 " in sender.recv(1_000)


def test_nothing_is_received_by_grpc_without_a_key(shared: Viewer) -> None:
    with grpc.insecure_channel(f"127.0.0.1:{shared.otlp_grpc}") as channel:
        stub = TraceServiceStub(channel)
        for metadata in ((), (("x-otlp-api-key", "wrong"),), (("authorization", TOKEN),)):
            with pytest.raises(grpc.RpcError) as refused:
                stub.Export(otlp.traces(), timeout=20, metadata=metadata)
            assert refused.value.code() is grpc.StatusCode.UNAUTHENTICATED
    said = json.loads(shared.get("/api/status", BEARER).body)["received"]["refused"]
    assert any((each["signal"], each["status"]) == ("traces", 401) for each in said)


@pytest.mark.parametrize("key", KEYS)
def test_either_key_lets_send_so_that_one_can_be_replaced(shared: Viewer, key: str) -> None:
    body = otlp.traces().SerializeToString()
    assert shared.post("/v1/traces", body, x_otlp_api_key=key).status == 200
    body = otlp.traces().SerializeToString()
    assert shared.post("/v1/traces", body, authorization=f"Bearer {key}").status == 200
    with grpc.insecure_channel(f"127.0.0.1:{shared.otlp_grpc}") as channel:
        metadata = (("x-otlp-api-key", key),)
        TraceServiceStub(channel).Export(otlp.traces(), timeout=20, metadata=metadata)


def test_a_program_that_is_run_beside_it_is_given_the_key(shared: Viewer) -> None:
    sends = (
        "import os, urllib.request as u\n"
        "key = os.environ['OTEL_EXPORTER_OTLP_HEADERS'].partition('=')[2]\n"
        "url = os.environ['OTEL_EXPORTER_OTLP_ENDPOINT'] + '/v1/logs'\n"
        "headers = {'content-type': 'application/json', 'x-otlp-api-key': key}\n"
        "print(u.urlopen(u.Request(url, b'{}', headers)).status)\n"
    )
    scrape = ["--scrape", "shop=http://127.0.0.1:1/metrics"]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "sightline", "run", "--port", str(shared.port), *scrape),
            *("--", sys.executable, "-c", sends),
        ],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        env={**os.environ, "SIGHTLINE_TOKEN": TOKEN, "SIGHTLINE_OTLP_KEYS": KEYS[1]},
    )
    assert (done.returncode, done.stdout) == (0, "200\n"), done.stderr
    assert not any(secret in done.stderr for secret in (TOKEN, *KEYS))


def test_no_secret_is_in_what_it_prints() -> None:
    env = {"SIGHTLINE_TOKEN": TOKEN, "SIGHTLINE_OTLP_KEYS": ",".join(KEYS)}
    with viewer(None, "--host", "0.0.0.0", **env) as running:  # noqa: S104 — what is tested
        assert ask(running, f"/?token={TOKEN}").status == 303
        assert running.get("/api/status", BEARER).status == 200
        running.post("/v1/traces", b"\xff", x_otlp_api_key=KEYS[0])
        running.stop()
        assert running.process.stdout is not None
        printed = running.process.stdout.read()
    assert re.search(r"Sightline: http://127\.0\.0\.1:\d+/\?token=…", printed)
    assert not any(secret in printed for secret in (TOKEN, *KEYS))
