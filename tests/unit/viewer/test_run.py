"""`sightline run -- COMMAND`: a viewer beside a program, which is otherwise left as it is."""

import json
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from loopback import free_ports
from otlp_requests import logs
from scraped_page import served
from viewer_process import Viewer, request, viewer

from sightline.child_environment import child_environment
from sightline.viewer.config import Settings
from sightline.viewer.greeting import own_host

IN_A_TERMINAL = "import os, pty, sys; sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))"
HEARING = """
import os, signal, sys
for number in (signal.SIGINT, signal.SIGHUP):
    signal.signal(number, signal.SIG_DFL)
os.execv(sys.argv[1], sys.argv[1:])
"""
# Counts what it is sent, and ends soon after the first of it.
COUNTING = """
import os, signal, sys, time
got = []
for n in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
    signal.signal(n, lambda n, _: got.append(signal.Signals(n).name))
print("ready", flush=True)
end = time.monotonic() + 60
while not got and time.monotonic() < end:
    time.sleep(0.01)
time.sleep(0.5)
print(",".join(got), flush=True)
sys.exit(9)
"""
SENDING = """
import os, sys, urllib.request
body = sys.stdin.buffer.read()
request = urllib.request.Request(os.environ["OTEL_EXPORTER_OTLP_ENDPOINT"] + "/v1/logs", body,
    {"content-type": "application/x-protobuf",
     **dict([os.environ["OTEL_EXPORTER_OTLP_HEADERS"].split("=", 1)]
            if "OTEL_EXPORTER_OTLP_HEADERS" in os.environ else [])})
print(urllib.request.urlopen(request).status)
sys.exit(7)
"""


@pytest.fixture(scope="module")
def running() -> Iterator[Viewer]:
    with viewer(None) as started:
        yield started


def beside(running: Viewer, *options: str) -> list[str]:
    return [sys.executable, "-m", "sightline", "run", "--port", str(running.port), *options, "--"]


def alone(page: int, *options: str) -> list[str]:
    http, grpc = free_ports(2)
    ports = ["--otlp-http-port", str(http), "--otlp-grpc-port", str(grpc)]
    run = [sys.executable, "-m", "sightline", "run", "--port", str(page), *ports]
    return [*run, *options, "--"]


def done(command: list[str], stdin: bytes = b"") -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(command, input=stdin, capture_output=True, check=False, timeout=90)


@contextmanager
def started(command: list[str]) -> Iterator["subprocess.Popen[str]"]:
    # A shell's background job, as these tests may be, is started to ignore SIGINT, or SIGHUP.
    process = subprocess.Popen(
        [sys.executable, "-c", HEARING, *command],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        stdin=subprocess.DEVNULL,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def is_gone(port: int) -> bool:
    try:
        request(f"http://127.0.0.1:{port}/healthz")
    except OSError:
        return True
    return False


def test_a_program_has_a_viewer_of_its_own_that_ends_with_it(tmp_path: Path) -> None:
    (page,) = free_ports(1)
    command = alone(page, "--data", str(tmp_path))
    ended = done([*command, sys.executable, "-c", SENDING], logs("hello").SerializeToString())
    assert (ended.returncode, ended.stdout) == (7, b"200\n"), ended.stderr
    assert f"viewer at http://127.0.0.1:{page}".encode() in ended.stderr
    assert is_gone(page)
    # What it sent was kept, so the viewer ended in good order.
    with viewer(tmp_path) as again:
        again.stored("logs", 1)


def test_a_viewer_that_runs_already_is_used_and_left_running(running: Viewer) -> None:
    before = running.rows("logs")
    command = [*beside(running), sys.executable, "-c", SENDING]
    ended = done(command, logs("hello").SerializeToString())
    assert ended.returncode == 7, ended.stderr
    assert b"which runs already" in ended.stderr
    running.stored("logs", before + 1)


def test_a_program_in_any_language_is_told_where_to_send(running: Viewer) -> None:
    shell = 'echo "$OTEL_EXPORTER_OTLP_ENDPOINT $OTEL_EXPORTER_OTLP_PROTOCOL $OTEL_SERVICE_NAME"'
    ended = done([*beside(running, "--service", "shop"), "sh", "-c", shell])
    assert ended.stdout.decode() == f"http://127.0.0.1:{running.otlp_http} http/protobuf shop\n"


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has all of 127.0.0.0/8 by itself")
def test_a_program_beside_a_viewer_of_another_address_is_sent_there() -> None:
    (page,) = free_ports(1)
    command = alone(page, "--memory", "--host", "127.0.0.2")
    ended = done([*command, sys.executable, "-c", SENDING], logs("hello").SerializeToString())
    assert (ended.returncode, ended.stdout) == (7, b"200\n"), ended.stderr


def test_a_program_beside_a_viewer_of_every_address_shows_its_key(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SIGHTLINE_TOKEN", "token-of-the-page-itself")
    monkeypatch.setenv("SIGHTLINE_OTLP_KEYS", "key-of-its-own-senders")
    (page,) = free_ports(1)
    command = alone(page, "--memory", "--host", "0.0.0.0")  # noqa: S104 — what is tested
    ended = done([*command, sys.executable, "-c", SENDING], logs("hello").SerializeToString())
    assert (ended.returncode, ended.stdout) == (7, b"200\n"), ended.stderr


def test_a_target_is_scraped_for_as_long_as_the_program_runs(running: Viewer) -> None:
    with served("orders_total 7\n") as url:
        seen = (
            "import json,os,sys,time,urllib.request as u\n"
            "end = time.monotonic() + 30\n"
            f"ask = 'http://127.0.0.1:{running.port}/api/v1/query?query=orders_total'\n"
            "while time.monotonic() < end:\n"
            "    found = json.load(u.urlopen(ask))['data']['result']\n"
            "    if found: sys.exit(0)\n"
            "    time.sleep(0.05)\n"
            "sys.exit(1)\n"
        )
        options = beside(running, "--scrape", f"shop={url}")
        assert done([*options, sys.executable, "-c", seen]).returncode == 0
        assert running.json("/api/targets") == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_signal_reaches_the_program_once(running: Viewer, number: signal.Signals) -> None:
    with started([*beside(running), sys.executable, "-c", COUNTING]) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        assert process.stdout.read() == f"{number.name}\n"
        assert process.wait(30) == 9


def test_ctrl_c_reaches_the_program_once_and_not_its_viewer(tmp_path: Path) -> None:
    (page,) = free_ports(1)
    command = [*alone(page, "--data", str(tmp_path)), sys.executable, "-c", COUNTING]
    with subprocess.Popen(
        [sys.executable, "-c", IN_A_TERMINAL, *command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as terminal:
        assert terminal.stdin is not None
        assert terminal.stdout is not None
        seen = b""
        while b"ready" not in seen:
            seen += terminal.stdout.read1(1_000) or b"ready, though it ended"
        terminal.stdin.write(b"\x03")
        terminal.stdin.flush()
        seen += terminal.stdout.read()
        assert terminal.wait(30) == 9
    assert b"SIGINT\r\n" in seen, seen
    assert b"SIGINT,SIGINT" not in seen
    assert is_gone(page)


def test_a_program_ended_by_a_signal_gives_the_code_that_shells_give(running: Viewer) -> None:
    ended = done([*beside(running), "sh", "-c", "kill -KILL $$"])
    assert ended.returncode == 128 + signal.SIGKILL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells a child of its parent's end")
def test_killed_it_leaves_nothing_behind(tmp_path: Path) -> None:
    (page,) = free_ports(1)
    command = [*alone(page, "--data", str(tmp_path)), sys.executable, "-c", COUNTING]
    with started(command) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        family = psutil.Process(process.pid).children(recursive=True)
        assert len(family) == 2
        process.kill()
        _, left = psutil.wait_procs(family, timeout=30)
    assert left == []


def test_a_viewer_is_kept_where_that_is_asked(tmp_path: Path) -> None:
    (page,) = free_ports(1)
    ended = done([*alone(page, "--data", str(tmp_path), "--keep"), "true"])
    found = re.search(rb"kept afterwards; end it with: kill (\d+)", ended.stderr)
    assert found, ended.stderr
    kept = psutil.Process(int(found[1]))
    try:
        assert ended.returncode == 0
        assert json.loads(request(f"http://127.0.0.1:{page}/healthz").body)["status"] == "ok"
    finally:
        kept.terminate()
        psutil.wait_procs([kept], timeout=30)
    assert is_gone(page)


@pytest.mark.parametrize(
    ("command", "code", "says"),
    [
        (["no-such-command"], 127, b"'no-such-command' is no command that can be found"),
        (["/etc/passwd"], 126, b"'/etc/passwd' cannot be executed"),
        ([], 1, b"name a command: sightline run -- uvicorn app:app"),
    ],
)
def test_what_cannot_be_run_is_said_in_one_line(command: list[str], code: int, says: bytes) -> None:
    (page,) = free_ports(1)
    ended = done([*alone(page), *command])
    assert (ended.returncode, ended.stderr.count(b"\n")) == (code, 1), ended.stderr
    assert says in ended.stderr


def test_a_port_that_something_else_holds_is_said_in_one_line() -> None:
    with served("no viewer\n") as url:
        page = int(url.rsplit(":", 1)[1].partition("/")[0])
        ended = done([*alone(page), "true"])
    assert ended.returncode == 1
    assert b"is no Sightline viewer. Choose another: --port" in ended.stderr


def test_a_viewer_that_cannot_start_says_why(tmp_path: Path) -> None:
    (page,) = free_ports(1)
    (tmp_path / "file").touch()
    ended = done([*alone(page, "--data", str(tmp_path / "file" / "below")), "true"])
    assert ended.returncode == 1
    assert ended.stderr.startswith(b"sightline run: cannot use the data folder")


def test_what_its_user_has_set_stays() -> None:
    elsewhere = {"OTEL_EXPORTER_OTLP_ENDPOINT": "https://elsewhere"}
    added = child_environment(elsewhere, http_port=1, grpc_port=2, key="secret-of-the-viewer")
    # Not even the key, which is not elsewhere's to know.
    assert not any(name.startswith("OTEL_EXPORTER_OTLP") for name in added)
    set_already = {"OTEL_LOGS_EXPORTER": "none", "OTEL_SERVICE_NAME": "mine"}
    added = child_environment(set_already, http_port=1, grpc_port=2, folder="app")
    assert not set_already.keys() & added.keys()


def test_a_service_is_named_by_the_flag_then_by_its_user_then_by_its_folder() -> None:
    def name(service: str = "", **env: str) -> str | None:
        added = child_environment(env, http_port=1, grpc_port=2, service=service, folder="app")
        return added.get("OTEL_SERVICE_NAME")

    assert name() == "app"
    assert name(OTEL_SERVICE_NAME="mine") is None
    assert name(OTEL_RESOURCE_ATTRIBUTES="a=b,service.name=mine") is None
    assert name("flag", OTEL_SERVICE_NAME="mine") == "flag"


def test_a_service_has_an_environment_for_the_panels_that_select_by_it() -> None:
    def attributes(env: dict[str, str]) -> str | None:
        return child_environment(env, http_port=1, grpc_port=2).get("OTEL_RESOURCE_ATTRIBUTES")

    assert attributes({}) == "deployment.environment.name=development"
    assert attributes({"OTEL_RESOURCE_ATTRIBUTES": "a=b"}) is None


@pytest.mark.parametrize(
    ("host", "endpoint"),
    [
        ("127.0.0.1", "http://127.0.0.1:1"),
        ("localhost", "http://localhost:1"),
        ("192.168.1.5", "http://192.168.1.5:1"),
        ("0.0.0.0", "http://127.0.0.1:1"),  # noqa: S104 — what is tested
        ("::", "http://[::1]:1"),
        ("fd00::5", "http://[fd00::5]:1"),
    ],
)
def test_the_endpoint_is_where_the_viewer_listens(host: str, endpoint: str) -> None:
    added = child_environment({}, host=own_host(Settings(host=host)), http_port=1, grpc_port=2)
    assert added["OTEL_EXPORTER_OTLP_ENDPOINT"] == endpoint


def test_the_endpoint_fits_the_protocol_that_is_set() -> None:
    grpc = {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}
    added = child_environment(grpc, http_port=1, grpc_port=2, key="k" * 20)
    assert added["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://127.0.0.1:2"
    assert added["OTEL_EXPORTER_OTLP_HEADERS"] == "x-otlp-api-key=" + "k" * 20
