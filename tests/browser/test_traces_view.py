"""The traces view: a search that writes TraceQL, and a waterfall for mouse and keyboard."""

import re
import time

from bulk import send_trace
from playwright.sync_api import Page, expect
from shop import Shop
from watch import Watch


def test_a_search_by_service_status_and_attribute_finds_the_trace(page: Page, shop: Shop) -> None:
    sent = shop.order()
    page.goto("/traces?refresh=off")
    page.get_by_label("Status").select_option("error")
    page.get_by_label("Add an attribute condition").fill("http.route=/orders")
    page.get_by_label("Add an attribute condition").press("Enter")
    expect(page.get_by_label("TraceQL")).to_have_value(
        '{ status = error && .http.route = "/orders" }'
    )
    page.get_by_role("button", name="Remove the condition http.route=/orders").click()
    page.get_by_label("Service").select_option("bank")
    expect(page.get_by_label("TraceQL")).to_have_value(
        '{ resource.service.name = "bank" && status = error }'
    )

    page.locator(f'a[href*="{sent.trace}"]').click()
    expect(page.get_by_role("tree").get_by_role("treeitem")).to_have_count(3)


def test_the_waterfall_is_walked_by_keyboard(page: Page, shop: Shop) -> None:
    sent = shop.order()
    page.goto(f"/traces/{sent.trace}")
    tree = page.get_by_role("tree")
    items = tree.get_by_role("treeitem")
    expect(items).to_have_count(3)
    tree.focus()

    page.keyboard.press("Home")
    expect(page.get_by_role("treeitem", selected=True)).to_have_attribute("data-span", sent.root)
    page.keyboard.press("ArrowLeft")
    expect(items).to_have_count(1)
    page.reload()
    expect(items).to_have_count(1)
    tree.focus()
    page.keyboard.press("ArrowRight")
    expect(items).to_have_count(3)
    page.keyboard.press("End")
    expect(page.get_by_role("treeitem", selected=True)).to_have_attribute("data-span", sent.charge)
    expect(page).to_have_url(re.compile(f"span={sent.charge}"))
    page.keyboard.press("ArrowLeft")
    expect(page.get_by_role("treeitem", selected=True)).to_have_attribute("data-span", sent.root)


def test_a_search_inside_the_trace_marks_and_visits_what_it_finds(page: Page, shop: Shop) -> None:
    sent = shop.order()
    page.goto(f"/traces/{sent.trace}")
    expect(page.get_by_role("treeitem")).to_have_count(3)
    box = page.get_by_label("Search in this trace")
    box.fill("declined")
    expect(page.locator(".found-count")).to_have_text("1 of 3")
    expect(page.locator(".span-row.found")).to_have_attribute("data-span", sent.charge)
    box.press("Enter")
    expect(page.get_by_role("treeitem", selected=True)).to_have_attribute("data-span", sent.charge)


def test_a_trace_of_ten_thousand_spans_draws_only_those_in_sight(page: Page, shop: Shop) -> None:
    trace = send_trace(shop.otlp, "bulk", 10_000)
    page.goto(f"/traces/{trace}")
    expect(page.get_by_text("10,000", exact=True)).to_be_visible()
    tree = page.get_by_role("tree")
    expect(tree.get_by_role("treeitem").first).to_be_visible()
    tree.focus()
    page.keyboard.press("End")
    expect(tree.get_by_role("treeitem", name=re.compile("item 9999"))).to_be_visible()
    assert tree.get_by_role("treeitem").count() < 80
    box = page.get_by_label("Search in this trace")
    box.fill("item 4321")
    expect(page.locator(".found-count")).to_have_text("1 of 10000")
    box.press("Enter")
    expect(tree.get_by_role("treeitem", selected=True)).to_contain_text("item 4321")


def test_a_search_by_route_and_duration_is_offered_what_there_is(page: Page, shop: Shop) -> None:
    sent = shop.order()
    page.goto("/traces?refresh=off")
    page.get_by_role("combobox", name="Route").press_sequentially("/ord")
    page.get_by_role("option", name="/orders", exact=True).click()
    page.get_by_label("Shorter than").fill("90s")
    page.get_by_label("Shorter than").press("Enter")
    expect(page.get_by_label("TraceQL")).to_have_value(
        '{ span.http.route = "/orders" && traceDuration < 90s }'
    )
    expect(page.locator(f'.traces a[href*="{sent.trace}"]')).to_be_visible()
    page.get_by_label("Longer than").fill("80s")
    page.get_by_label("Longer than").press("Enter")
    expect(page.get_by_text("No trace matches.")).to_be_visible()


def test_what_is_offered_is_of_the_time_that_is_looked_at(page: Page, shop: Shop) -> None:
    sent = send_trace(shop.otlp, "yesterday", 2, at=time.time_ns() - 20 * 3_600_000_000_000)
    page.goto("/traces?from=now-5m&to=now&refresh=off")
    services = page.get_by_label("Service")
    expect(services.get_by_role("option", name="shop", exact=True)).to_be_attached()
    expect(services.get_by_role("option", name="yesterday")).to_have_count(0)
    page.locator("summary").filter(has_text="Last 5 minutes").click()
    page.get_by_role("button", name="Last 24 hours").click()
    expect(services.get_by_role("option", name="yesterday")).to_be_attached()
    services.select_option("yesterday")
    page.get_by_role("combobox", name="Span", exact=True).press_sequentially("item")
    page.get_by_role("option", name="item 1", exact=True).click()
    expect(page.locator(f'.traces a[href*="{sent}"]')).to_be_visible()


def test_a_trace_that_is_not_there_tells_what_to_do(page: Page, watch: Watch) -> None:
    watch.refusals.add(404)
    page.goto("/traces/" + "0" * 31 + "1")
    expect(page.get_by_text("Is the trace not there?")).to_be_visible()
