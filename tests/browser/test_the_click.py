"""From a log line to its trace, from a span to its logs, from a chart to a trace: one click."""

import re

import pytest
from playwright.sync_api import Page, expect
from shop import MARKUP, Shop


def test_a_log_line_opens_its_trace_across_both_services(page: Page, shop: Shop) -> None:
    sent = shop.order(order_ref="click-1")
    shop.wait_for_lines('{service_name="shop"} | order_ref="click-1"', 1)
    page.goto("/logs?service=shop&field=order_ref=click-1")

    page.get_by_role("link", name="Trace", exact=True).click()

    expect(page).to_have_url(re.compile(f"/traces/{sent.trace}"))
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem")).to_have_count(3)
    expect(tree.get_by_role("treeitem", name="shop POST /orders")).to_be_visible()
    expect(tree.get_by_role("treeitem", name="error bank POST /charges")).to_be_visible()
    expect(page.get_by_role("list", name="Logs of the trace")).to_contain_text("order.refused")
    expect(page.get_by_role("list", name="Logs of the trace")).to_contain_text("charge.declined")


def test_a_span_shows_its_own_logs_and_leads_back_to_them(page: Page, shop: Shop) -> None:
    sent = shop.order(order_ref="click-2")
    shop.wait_for_lines('{service_name=~".+"} | order_ref="click-2"', 2)
    page.goto(f"/traces/{sent.trace}")
    page.get_by_role("treeitem", name="bank POST /charges").click()

    page.get_by_role("button", name="Logs of this span (1)").click()

    lines = page.get_by_role("list", name="Logs of the trace")
    expect(lines).to_contain_text("charge.declined")
    expect(lines).not_to_contain_text("order.refused")
    page.get_by_role("link", name="Open in Logs").click()
    expect(page).to_have_url(re.compile(f"span_id%3D{sent.charge}"))
    expect(page.get_by_role("listitem").filter(has_text="charge.declined")).to_have_count(1)


def test_a_line_of_the_trace_selects_its_span(page: Page, shop: Shop) -> None:
    sent = shop.order()
    page.goto(f"/traces/{sent.trace}")
    line = page.get_by_role("listitem").filter(has_text="charge.declined")

    line.get_by_role("button", name="Span").click()

    expect(page.get_by_role("treeitem", selected=True)).to_have_attribute("data-span", sent.charge)
    expect(page.get_by_role("complementary")).to_contain_text("the bank says no")
    expect(page.get_by_role("complementary")).to_contain_text("ValueError")
    expect(page.get_by_label("Stack")).to_contain_text("card declined")


@pytest.mark.usefixtures("traded")
def test_a_point_on_a_chart_opens_its_trace(page: Page) -> None:
    page.goto("/d/service?var-service=shop&from=now-5m&to=now&refresh=off")
    chart = page.get_by_role("region", name="Duration p50, p95, p99", exact=True)
    point = chart.locator("a.exemplar").last
    expect(point).to_be_visible()
    trace = point.get_attribute("data-trace")

    point.click()

    expect(page).to_have_url(re.compile(f"/traces/{trace}"))
    expect(page.get_by_role("treeitem", name="POST /orders")).to_be_visible()


def test_markup_is_shown_as_text_wherever_a_sender_may_write(page: Page, traded: Shop) -> None:
    sent = traded.hostile_order()
    page.goto(f"/traces/{sent.trace}?span={sent.root}")
    detail = page.get_by_role("complementary")
    for field in ("span", "key", "value", "event", "of event", "exception", "status"):
        expect(detail).to_contain_text(f"{field} {MARKUP}")
    expect(page.get_by_role("list", name="Logs of the trace")).to_contain_text(f"line {MARKUP}")

    page.goto("/logs?text=onerror")
    page.get_by_role("listitem").first.locator(".log-open").click()
    expect(page.locator(".log-detail")).to_contain_text(f"field {MARKUP}")
    assert page.locator("main img, main b:text('bold')").count() == 0

    page.goto("/d/service?var-service=shop&from=now-5m&to=now")
    panel = page.get_by_role("region", name="Requests per handler")
    expect(panel.get_by_role("button", name=MARKUP)).to_be_visible()
    assert page.locator("main img, main b:text('bold')").count() == 0
    assert page.title() == "Service · Sightline"
