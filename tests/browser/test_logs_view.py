"""The logs view: filters that write LogQL, fields that become filters, and the live tail."""

import re

from playwright.sync_api import Page, expect
from shop import Shop
from watch import Watch


def test_what_is_chosen_is_written_as_logql_and_kept_in_the_address(page: Page, shop: Shop) -> None:
    shop.order(order_ref="filters")
    shop.wait_for_lines('{service_name=~".+"} | order_ref="filters"', 2)
    page.goto("/logs")
    page.get_by_role("button", name="bank", exact=True).click()
    page.get_by_role("button", name="warn", exact=True).click()
    page.get_by_label("Text in the line").fill("declined")

    expect(page.get_by_label("LogQL")).to_have_value(
        '{service_name="bank"} |= "declined" | detected_level=~"warn|warning"'
    )
    expect(page.get_by_role("listitem").first).to_contain_text("charge.declined")
    expect(page.get_by_role("list")).not_to_contain_text("order.refused")
    page.reload()
    expect(page.get_by_role("button", name="warn", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    expect(page.get_by_label("Text in the line")).to_have_value("declined")


def test_a_field_of_an_open_line_filters_for_it_and_without_it(page: Page, shop: Shop) -> None:
    for ref in ("field-a", "field-b"):
        shop.order(order_ref=ref, batch="fields")
    shop.wait_for_lines('{service_name="shop"} | batch="fields"', 2)
    page.goto("/logs?service=shop&field=batch=fields")
    lines = page.locator(".log-row")
    expect(lines).to_have_count(2)
    lines.filter(has_text="field-b").locator(".log-open").click()

    row = page.locator(".log-detail tr").filter(has_text="order_ref")
    row.get_by_role("button", name="Without lines with this order_ref").click()
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("field-a")

    page.get_by_role("button", name="Remove the filter order_ref!=field-b").click()
    expect(lines).to_have_count(2)


def test_the_live_tail_shows_a_line_as_it_arrives_and_waits_while_paused(
    page: Page, shop: Shop
) -> None:
    page.goto("/logs?field=tailed=yes&live=1")
    expect(page.get_by_text("Waiting for the first line")).to_be_visible()
    shop.front.log("tail.first", tailed="yes")
    expect(page.get_by_role("listitem")).to_contain_text("tail.first")

    page.get_by_role("button", name="Pause").click()
    shop.front.log("tail.second", tailed="yes")
    expect(page.get_by_text("1 waiting")).to_be_visible()
    expect(page.get_by_role("listitem")).to_have_count(1)
    page.get_by_role("button", name="Resume").click()
    expect(page.get_by_role("listitem").first).to_contain_text("tail.second")


def test_of_many_lines_only_those_in_sight_are_drawn(page: Page, shop: Shop) -> None:
    for number in range(300):
        shop.front.log("many.lines", number=number)
    shop.wait_for_lines('{service_name="shop"} |= "many.lines"', 100)
    page.goto("/logs?text=many.lines")
    expect(page.locator(".log-info")).to_contain_text("300 lines")
    rows = page.get_by_role("list", name="Log lines")
    assert rows.get_by_role("listitem").count() < 80
    rows.evaluate("list => list.scrollTop = list.scrollHeight")
    expect(rows.get_by_role("listitem").filter(has_text=re.compile(r"number=0\b"))).to_be_visible()


def test_a_query_that_is_wrong_is_answered_with_the_servers_words(
    page: Page, shop: Shop, watch: Watch
) -> None:
    page.goto("/logs")
    page.get_by_label("LogQL").fill("{nothing")
    page.get_by_label("LogQL").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("parse error")
    watch.problems.clear()
