"""A viewer that asks for a token: opened by its link or by hand, and shut to everybody else."""

import os
import socket
import sys
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from sightline.supervisor import Program, Supervisor

TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    probes = [socket.socket() for _ in range(3)]
    for probe in probes:
        probe.bind(("127.0.0.1", 0))
    page, http, grpc = (str(probe.getsockname()[1]) for probe in probes)
    for probe in probes:
        probe.close()
    ports = ["--port", page, "--otlp-http-port", http, "--otlp-grpc-port", grpc]
    program = Program(
        "viewer",
        [sys.executable, "-m", "sightline", "view", "--memory", *ports],
        f"http://127.0.0.1:{page}/healthz",
        {"SIGHTLINE_TOKEN": TOKEN, "SIGHTLINE_CONFIG": os.devnull},
    )
    with Supervisor(tmp_path_factory.mktemp("guarded")) as supervisor:
        supervisor.start(program)
        supervisor.wait_ready(60)
        yield f"http://127.0.0.1:{page}"


def test_the_printed_link_opens_the_page_and_leaves_no_token(
    browser: Browser, guarded: str
) -> None:
    context = browser.new_context(base_url=guarded)
    page = context.new_page()
    page.goto(f"/status?token={TOKEN}")
    expect(page.get_by_role("navigation", name="Views")).to_be_visible()
    assert page.url == f"{guarded}/status"
    # What the page asks by itself is answered: it has the cookie, though no script can read it.
    expect(page.locator("#view")).to_contain_text("received", ignore_case=True)
    assert page.evaluate("document.cookie") == ""
    page.goto("/logs")
    expect(page.get_by_role("navigation", name="Views")).to_be_visible()
    context.close()


def test_without_it_there_is_a_form_that_takes_it(browser: Browser, guarded: str) -> None:
    context = browser.new_context(base_url=guarded)
    page = context.new_page()
    page.goto("/traces")
    expect(page.get_by_role("navigation", name="Views")).to_have_count(0)
    page.get_by_label("Token").fill("a wrong one")
    page.get_by_role("button", name="Open").click()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("navigation", name="Views")).to_be_visible()
    context.close()
