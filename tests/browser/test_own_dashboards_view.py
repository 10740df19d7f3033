"""A user's own dashboards on the page: drawn, and what is not shown is said by its name."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import own_boards
import pytest
from accessible import violations
from bulk import send_requests
from playwright.sync_api import Browser, Locator, Page, expect
from viewing import Viewing, viewing
from watch import SCREENSHOTS, Watch

REFUSED = 400  # the query of one panel is wrong on purpose


@pytest.fixture(scope="module")
def boards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return own_boards.copy(tmp_path_factory.mktemp("boards"))


@pytest.fixture(scope="module")
def viewer(boards: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Viewing]:
    folder = tmp_path_factory.mktemp("viewer")
    with viewing(folder, "--durable", "--dashboards", str(boards)) as started:
        yield started


@pytest.fixture(scope="module")
def minute(viewer: Viewing) -> str:
    """The minute in which the till was asked four times a second, for an address."""
    end = int(time.time()) - 2
    send_requests(viewer.otlp, "till", "live", 4, end)
    return f"from={end - 60}000&to={end}000"


@pytest.fixture
def page(browser: Browser, viewer: Viewing) -> Iterator[Page]:
    watch = Watch(viewer.page, refusals={REFUSED})
    with browser.new_context(base_url=viewer.page) as context:
        opened = context.new_page()
        opened.on("console", watch.on_console)
        opened.on("pageerror", watch.on_error)
        opened.on("request", watch.on_request)
        yield opened
    assert watch.problems == []


def panel(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title, exact=True)


def test_a_dashboard_that_was_shared_from_grafana_is_what_opens(page: Page, minute: str) -> None:
    page.goto(f"/?{minute}")
    expect(page).to_have_url(re.compile(r"/d/fastapi-[0-9a-f]{8}\?"))
    tabs = page.get_by_role("navigation", name="Dashboards")
    expect(tabs.get_by_role("link").first).to_have_text("FastAPI Observability")
    expect(tabs.get_by_role("link", name="Service", exact=True)).to_be_visible()

    expect(page.get_by_role("combobox", name="Source")).to_have_value("Prometheus")
    expect(page.get_by_role("combobox", name="Job")).to_have_value("till")
    expect(page.get_by_role("combobox", name="Share").locator("option:checked")).to_have_text(
        "Most"
    )
    value = panel(page, "Requests of till").locator(".stat-value")
    expect(value).to_have_text("4.0 req/s")
    page.get_by_role("combobox", name="Window").select_option("auto")
    expect(value).to_have_text("4.0 req/s")

    rate = panel(page, "Request rate")
    expect(rate.locator(".u-over")).to_be_visible()
    expect(rate.get_by_role("button", name="/till")).to_be_visible()
    table = panel(page, "Requests by handler")
    expect(table.get_by_role("columnheader")).to_have_text(["Route", "Value"])
    expect(table.get_by_role("cell").first).to_have_text("/till")
    expect(panel(page, "Lines")).to_contain_text("no data in this time range")

    expect(panel(page, "How full")).to_have_count(0)
    page.get_by_role("button", name="Details").click()
    expect(panel(page, "How full").locator(".bar-value")).to_have_text("4 req/s")
    expect(page.locator(".failure")).to_have_count(0)
    page.screenshot(path=SCREENSHOTS / "own-dashboard.png", full_page=True)
    assert violations(page) == []


def test_what_its_author_wrote_is_text_and_leads_to_the_web_alone(page: Page, minute: str) -> None:
    page.goto(f"/?{minute}")
    about = panel(page, "About")
    expect(about).to_contain_text("Ask us & the team.")
    expect(about.locator("a, b, script, h1")).to_have_count(0)
    links = page.get_by_role("navigation", name="Links of this dashboard")
    expect(links.get_by_role("link")).to_have_count(1)
    handbook = links.get_by_role("link", name="Handbook")
    expect(handbook).to_have_attribute("href", "https://handbook.example/fastapi")
    expect(handbook).to_have_attribute("rel", "noopener noreferrer")
    expect(links.get_by_text("Trap")).to_be_visible()

    rate = panel(page, "Request rate")
    rate.hover()
    rate.get_by_role("button", name="About: Request rate").click()
    expect(rate.locator(".panel-extra")).to_contain_text("<b>without</b> the health checks")
    expect(rate.get_by_role("link", name="Runbook")).to_be_visible()
    expect(page).to_have_title("FastAPI Observability · Sightline")


def test_what_is_not_shown_says_so_in_its_place_and_the_rest_works(page: Page, minute: str) -> None:
    page.goto(f"/d/machines?{minute}")
    expect(panel(page, "Duration")).to_contain_text(
        "A heatmap panel is not shown here; open it in Grafana."
    )
    expect(panel(page, "Orders in the database")).to_contain_text(
        "asks “mysql”, and the viewer has only Prometheus, Loki and Tempo"
    )
    expect(panel(page, "A query that is wrong").locator(".failure")).to_be_visible()
    expect(page.locator(".variables")).to_contain_text("“adhoc” variables do not work here")
    repeated = panel(page, "Requests, by All")
    expect(repeated.locator(".stat-value")).to_have_text("4 req/s")
    expect(repeated).to_contain_text("Grafana repeats this for each “handler”")

    told = page.locator(".left-out")
    expect(told).to_contain_text("1 file of your dashboards left out")
    expect(told.get_by_role("listitem")).to_contain_text("half.json is not JSON (line 1")
    page.screenshot(path=SCREENSHOTS / "own-dashboard-unsupported.png", full_page=True)
    assert violations(page) == []


def test_an_edited_file_is_seen_on_reload(page: Page, boards: Path, minute: str) -> None:
    path = boards / "half.json"
    page.goto(f"/d/machines?{minute}")
    expect(page.locator(".left-out")).to_be_visible()
    before = path.read_text()
    path.write_text(f'{before}], "uid": "half"}}')
    try:
        page.reload()
        expect(page.get_by_role("link", name="Half", exact=True)).to_be_visible()
        expect(page.locator(".left-out")).to_have_count(0)
        page.goto("/d/half")
        expect(page.get_by_text("This dashboard has no panels.")).to_be_visible()
    finally:
        path.write_text(before)
