"""A real viewer fed over OTLP and by a scrape, and a real Chromium that looks at it."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from loopback import free_ports
from playwright.sync_api import Browser, Page, expect, sync_playwright
from shop import Shop
from viewing import viewing
from watch import SCREENSHOTS, Watch

from sightline.viewer.rules.shipped import shipped_rules

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser"))), None)
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
# Beside the shipped rules: one that a test can make fire, and one of each state that stays.
RULES = """
groups:
  - name: tills
    interval: 500ms
    rules:
      - alert: TillJammed
        expr: shop_jammed_tills > 0
        for: 1s
        labels: {severity: critical}
        annotations:
          summary: "{{ $value }} tills of {{ $labels.job }} are jammed"
          description: Nobody can pay there.
          runbook_url: https://tills.example/jammed
          dashboard_url: "/d/service?var-service={{ $labels.service_name }}"
      - {alert: AlwaysFires, expr: vector(1), annotations: {summary: It fires as long as this runs}}
      - {alert: AlwaysPending, expr: vector(1), for: 7d}
      - {alert: CannotBeEvaluated, expr: 'label_replace(vector(1), "", "x", "", "")'}
"""
# A loaded machine is slow, not wrong.
expect.set_options(timeout=20_000)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if CHROMIUM is None:
                item.add_marker(pytest.mark.skip(reason="no Chromium on this machine"))


@pytest.fixture(scope="session")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Two services that have told the viewer all they do; `viewer` is its address."""
    (metrics,) = free_ports(1)
    rules = tmp_path_factory.mktemp("rules")
    shutil.copytree(shipped_rules(), rules, dirs_exist_ok=True)
    (rules / "tills.yml").write_text(RULES)
    scrape = ["--scrape", f"shop=http://127.0.0.1:{metrics}/metrics", "--scrape-interval", "1s"]
    # Durable: what a sender was answered for can be asked for at once.
    flags = ["--durable", *scrape, "--rules", str(rules)]
    folder = tmp_path_factory.mktemp("viewer")
    with (
        viewing(folder, *flags, SIGHTLINE_ENVIRONMENT="test") as viewer,
        Shop.open(viewer.page, viewer.otlp, metrics) as opened,
    ):
        yield opened


@pytest.fixture(scope="session")
def traded(shop: Shop) -> Shop:
    """The same, once what it counts can be drawn by any chart, with its exemplars."""
    shop.wait_for_result("/api/v1/query", "rate(http_requests_total[20s])", 2)
    shop.wait_for_result("/loki/api/v1/query", 'count_over_time({service_name="bank"}[1h])', 1)
    shop.wait_for_exemplars("http_request_duration_seconds_bucket")
    return shop


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    # Ends with the module: its event loop must not meet that of an asynchronous test.
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield started
        started.close()


@pytest.fixture
def watch(shop: Shop) -> Watch:
    return Watch(shop.viewer)


@pytest.fixture
def page(
    browser: Browser, shop: Shop, watch: Watch, request: pytest.FixtureRequest
) -> Iterator[Page]:
    context = browser.new_context(base_url=shop.viewer, viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.on("console", watch.on_console)
    opened.on("pageerror", watch.on_error)
    opened.on("request", watch.on_request)
    yield opened
    name = re.sub(r"[^\w.-]+", "-", request.node.name)
    opened.screenshot(path=SCREENSHOTS / f"{name}.png")
    context.close()
    assert watch.problems == []
