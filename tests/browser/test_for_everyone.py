"""What holds in every view: no broken rule of accessibility, light and dark, wide and narrow."""

from collections.abc import Callable

import pytest
from accessible import OF_COLOUR, violations
from playwright.sync_api import Browser, Page, expect
from shop import Shop
from watch import SCREENSHOTS, Watch

VIEWS = {
    "dashboard-service": "/d/service?var-service=shop&from=now-5m&to=now",
    "dashboard-business": "/d/business?from=now-5m&to=now",
    "dashboard-slo": "/d/slo?from=now-5m&to=now",
    "dashboard-health": "/d/telemetry-health?from=now-5m&to=now",
    "dashboard-traces": "/d/traces?from=now-5m&to=now",
    "logs": "/logs",
    "logs-none": "/logs?text=never-said",
    "logs-live": "/logs?live=1",
    "traces": "/traces?attr=http.route=/orders",
    "trace": "/traces/TRACE?span=SPAN&find=charges",
    "trace-unknown": f"/traces/{'0' * 31}1",
    "map": "/map",
    "explore": "/explore",
    "explore-chart": "/explore?query=rate(http_requests_total[1m])",
    "explore-table": "/explore?query=http_requests_total&show=table",
    "explore-lines": '/explore?lang=logql&query={service_name="bank"}',
    "explore-traces": "/explore?lang=traceql&query={}",
    "explore-refused": "/explore?query=rate(up",
    "alerts": "/alerts",
    "alerts-open": "/alerts?turned=pipeline/TargetDown&runbook=pipeline/TargetDown",
    "alerts-none": "/alerts?text=never-said",
    "status": "/status",
}
SHOWN = (
    ".panel-body > *, .log-row, .traces tr, .card, .span-row, .empty, .failure, .examples, "
    ".explore-chart, .explore-table"
)
PHONE, DESK = 390, 1280


def loaded(page: Page, address: str, shop: Shop) -> None:
    page.goto(address.replace("TRACE", shop.first.trace).replace("SPAN", shop.first.charge))
    expect(page.locator(f"main :is({SHOWN})").first).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)


@pytest.mark.parametrize("view", VIEWS)
def test_no_view_breaks_a_rule_of_accessibility_in_any_theme_or_width(
    page: Page, traded: Shop, watch: Watch, view: str
) -> None:
    watch.refusals |= {400, 404}
    loaded(page, VIEWS[view], traded)
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme, rules in (("light", ()), ("dark", OF_COLOUR)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            expect(page.locator(".loading")).to_have_count(0)
            page.screenshot(path=SCREENSHOTS / f"{view}-{scheme}-{width}.png")
            assert violations(page, rules) == [], f"{scheme}, {width} pixels wide"
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert page.locator("main").evaluate("main => main.scrollWidth <= main.clientWidth")


def open_panel_query(page: Page) -> None:
    panel = page.get_by_role("region", name="Requests per second")
    panel.hover()
    panel.get_by_role("button", name="Query", exact=True).click()


def open_panel_table(page: Page) -> None:
    panel = page.get_by_role("region", name="Duration p50, p95, p99", exact=True)
    panel.hover()
    panel.get_by_role("button", name="Values as a table").click()


# What a click or a key opens over a view, and what then must be there.
OPENED: dict[str, tuple[str, Callable[[Page], None], str]] = {
    "time-menu": ("/logs", lambda page: page.locator(".timepicker summary").click(), ".time-menu"),
    "line": ("/logs", lambda page: page.locator(".log-open").first.click(), ".log-detail"),
    "fields": (
        "/logs",
        lambda page: page.get_by_label("Add a field filter").press("ArrowDown"),
        ".options li",
    ),
    "routes": (
        "/traces",
        lambda page: page.get_by_role("combobox", name="Route").press("ArrowDown"),
        ".options li",
    ),
    "query": (
        "/explore",
        lambda page: page.get_by_role("combobox", name="PromQL query").press("ArrowDown"),
        ".options li",
    ),
    "query-chosen": (
        "/explore?lang=traceql",
        lambda page: page.get_by_role("combobox", name="TraceQL query").press_sequentially("{ "),
        ".options li",
    ),
    "panel-query": (VIEWS["dashboard-service"], open_panel_query, ".panel-extra pre"),
    "panel-table": (VIEWS["dashboard-service"], open_panel_table, ".panel .data"),
}


@pytest.mark.parametrize("opened", OPENED)
def test_what_is_opened_over_a_view_breaks_no_rule_either(
    page: Page, traded: Shop, opened: str
) -> None:
    address, opening, shown = OPENED[opened]
    page.set_viewport_size({"width": DESK, "height": 800})
    loaded(page, f"{address}{'&' if '?' in address else '?'}refresh=off", traded)
    opening(page)
    expect(page.locator(shown).first).to_be_visible()
    page.keyboard.press("ArrowDown")
    for width in (DESK, PHONE):
        page.set_viewport_size({"width": width, "height": 800})
        for scheme, rules in (("light", ()), ("dark", OF_COLOUR)):
            page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            expect(page.locator(shown).first).to_be_visible()
            page.screenshot(path=SCREENSHOTS / f"opened-{opened}-{scheme}-{width}.png")
            assert violations(page, rules) == [], f"{scheme}, {width} pixels wide"
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_targets_that_are_too_small_would_be_found(page: Page) -> None:
    page.goto("/status")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    assert violations(page) == []
    page.locator("#tools").evaluate(
        """tools => tools.append(...["a", "b"].map((name) => {
          const button = Object.assign(document.createElement("button"), { ariaLabel: name });
          button.style.cssText = "width: 12px; min-height: 0; height: 12px; padding: 0";
          return button;
        }))"""
    )
    assert [each.split(":")[0] for each in violations(page)] == ["target-size"] * 2


def test_the_policy_of_the_page_forbids_what_the_page_does_not_need(
    browser: Browser, shop: Shop
) -> None:
    """Were markup ever made of telemetry, the browser itself would refuse it."""
    with browser.new_context(base_url=shop.viewer) as context:
        page = context.new_page()
        answer = page.goto("/logs")
        assert answer
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        refused = page.evaluate(
            """() => {
              try { document.body.innerHTML = "<b>x</b>"; } catch (error) { return error.name; }
            }"""
        )
        assert refused == "TypeError"
