"""The dashboards, drawn from Grafana's JSON: variables, zoom, tables, and words for no data."""

import re
import time

import pytest
from bulk import send_requests
from playwright.sync_api import Page, Route, expect
from shop import Shop
from watch import Watch

SERVICE = "/d/service?var-service=shop&from=now-5m&to=now&refresh=off"
pytestmark = pytest.mark.usefixtures("traded")


def test_the_service_dashboard_draws_what_prometheus_answers(page: Page, shop: Shop) -> None:
    # A time that is past: what is asked of it twice is answered twice the same.
    end = int(time.time()) - 2
    query = 'sum(rate(http_requests_total{service_name="shop"}[20s]))'
    answer = shop.ask("/api/v1/query", query=query, time=str(end))["data"]["result"]
    page.goto(f"/?from={end - 300}000&to={end}000")

    expect(page).to_have_url(re.compile("/d/service"))
    expect(page.get_by_role("combobox", name="Service", exact=True)).to_have_value("shop")
    value = page.get_by_role("region", name="Requests now").locator(".stat-value")
    expect(value).to_have_text(re.compile(r"[\d.]+ req/s"))
    shown = float(value.inner_text().split()[0])
    assert shown == pytest.approx(float(answer[0]["value"][1]), abs=0.01)


def test_the_values_of_a_chart_are_also_a_table_with_links_to_traces(page: Page) -> None:
    page.goto(SERVICE)
    panel = page.get_by_role("region", name="Duration p50, p95, p99", exact=True)
    expect(panel.locator("a.exemplar").first).to_be_visible()
    panel.hover()
    panel.get_by_role("button", name="Values as a table").click()
    expect(panel.get_by_role("columnheader", name="p99")).to_be_visible()
    page.reload()
    expect(panel.get_by_role("columnheader", name="p99")).to_be_visible()
    expect(panel.get_by_role("link").first).to_have_attribute("href", re.compile("/traces/"))


def test_a_drag_over_a_chart_zooms_all_of_them(page: Page) -> None:
    page.goto(SERVICE)
    over = page.get_by_role("region", name="Requests per second").locator(".u-over")
    expect(over).to_be_visible()
    box = over.bounding_box()
    assert box
    y = box["y"] + box["height"] / 2
    page.mouse.move(box["x"] + box["width"] * 0.4, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, y, steps=5)
    page.mouse.up()

    expect(page).to_have_url(re.compile(r"from=\d{13}&to=\d{13}"))
    page.go_back()
    expect(page).to_have_url(re.compile("from=now-5m"))


def test_a_service_that_exports_each_minute_has_its_rates_drawn(page: Page, shop: Shop) -> None:
    end = int(time.time()) - 2
    send_requests(shop.otlp, "slow", "test", 2, end, every=60)
    page.goto(f"/d/service?var-service=slow&from={end - 1800}000&to={end}000")
    now = page.get_by_role("region", name="Requests now").locator(".stat-value")
    expect(now).to_have_text("2 req/s")
    panel = page.get_by_role("region", name="Requests per second")
    expect(panel.locator(".u-over")).to_be_visible()
    panel.hover()
    panel.get_by_role("button", name="Query", exact=True).click()
    expect(panel.locator("pre").first).to_contain_text("[240s]")


def test_a_panel_without_data_says_so(page: Page) -> None:
    page.goto("/d/service?var-service=absent&from=now-5m&to=now")
    panel = page.get_by_role("region", name="Requests per second")
    expect(panel).to_contain_text("no data in this time range")


def test_a_dashboard_comes_back_once_the_viewer_answers_again(page: Page, watch: Watch) -> None:
    watch.refusals.add(503)

    def refuse(route: Route) -> None:
        route.fulfill(status=503, body="starting")

    page.route("**/api/dashboards", refuse)
    page.goto(SERVICE)
    expect(page.get_by_role("alert")).to_have_text("starting")
    page.unroute("**/api/dashboards")
    page.get_by_role("button", name="Refresh now").click()
    chart = page.get_by_role("region", name="Requests per second").locator(".u-over")
    expect(chart).to_be_visible()
    expect(page.get_by_role("alert")).to_have_count(0)

    page.route("**/api/v1/label/**", refuse)
    page.get_by_role("button", name="Refresh now").click()
    expect(page.get_by_role("alert")).to_have_text("starting")
    page.unroute("**/api/v1/label/**")
    page.get_by_role("button", name="Refresh now").click()
    expect(page.get_by_role("alert")).to_have_count(0)
    expect(chart).to_be_visible()


def test_an_enlarged_panel_shows_its_query_with_the_variables_filled_in(page: Page) -> None:
    page.goto(SERVICE)
    panel = page.get_by_role("region", name="Requests per second")
    expect(panel.locator(".u-over")).to_be_visible()
    panel.hover()
    panel.get_by_role("button", name="Enlarge").click()
    expect(page.locator(".panel")).to_have_count(1)
    panel.hover()
    panel.get_by_role("button", name="Query", exact=True).click()
    expect(panel.locator("pre")).to_contain_text('service_name="shop"')
    expect(panel.locator("pre")).not_to_contain_text("$")


def test_a_panel_leads_to_its_query_in_explore(page: Page) -> None:
    page.goto(SERVICE)
    panel = page.get_by_role("region", name="Requests per second")
    expect(panel.locator(".u-over")).to_be_visible()
    panel.hover()
    panel.get_by_role("button", name="Explore this query").click()
    expect(page.get_by_role("combobox", name="PromQL query")).to_have_value(
        re.compile('service_name="shop"')
    )
    expect(page.locator(".explore-chart .u-over")).to_be_visible()


@pytest.mark.parametrize("uid", ["business", "slo", "telemetry-health", "traces"])
def test_every_dashboard_is_drawn_without_a_failure(page: Page, uid: str) -> None:
    page.goto(f"/d/{uid}?from=now-5m&to=now")
    expect(page.locator(".panel").first).to_be_visible()
    for panel in page.locator(".panel").all():
        panel.scroll_into_view_if_needed()
        expect(panel.locator(".panel-body > *").first).to_be_attached()
    expect(page.locator(".panel.loading")).to_have_count(0)
    expect(page.locator(".failure")).to_have_count(0)
