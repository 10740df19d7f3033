"""Explore: a query in each language, completed by keyboard, answered or refused in place."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from shop import Shop
from watch import Watch


def field(page: Page, language: str) -> Locator:
    return page.get_by_role("combobox", name=f"{language} query")


def take(page: Page, name: str) -> None:
    """By keyboard alone: down to the suggestion, then Enter."""
    options = page.locator(".combobox").get_by_role("option")
    wanted = options.filter(has=page.get_by_text(name, exact=True))
    expect(wanted).to_have_count(1)
    for _ in range(options.count()):
        page.keyboard.press("ArrowDown")
        if wanted.get_attribute("aria-selected") == "true":
            break
    expect(wanted).to_have_attribute("aria-selected", "true")
    page.keyboard.press("Enter")


@pytest.mark.usefixtures("traded")
def test_a_promql_query_is_completed_from_metric_to_value_and_drawn(page: Page) -> None:
    page.goto("/explore?from=now-5m&to=now&refresh=off")
    box = field(page, "PromQL")
    expect(box).to_be_focused()
    box.press_sequentially("sum by (handler) (rate(http_requests_to")
    take(page, "http_requests_total")
    box.press_sequentially("{han")
    take(page, "handler")
    take(page, "/orders")
    box.press_sequentially("}[")
    take(page, "1m")
    box.press_sequentially("))")
    expect(box).to_have_value('sum by (handler) (rate(http_requests_total{handler="/orders"}[1m]))')
    page.keyboard.press("Enter")

    expect(page).to_have_url(re.compile("query=sum"))
    answer = page.locator(".explore-chart")
    expect(answer.get_by_role("button", name='{handler="/orders"}')).to_be_visible()
    page.get_by_role("button", name="Now", exact=True).click()
    table = page.get_by_role("region", name="Answer")
    expect(table.get_by_role("columnheader", name="handler")).to_be_visible()
    expect(table.get_by_role("cell", name="/orders", exact=True)).to_be_visible()
    page.reload()
    expect(table.get_by_role("cell", name="/orders", exact=True)).to_be_visible()


def test_a_logql_query_is_completed_and_answered_with_rows(page: Page, shop: Shop) -> None:
    shop.order(order_ref="explored")
    shop.wait_for_lines('{service_name=~".+"} | order_ref="explored"', 2)
    page.goto("/explore?lang=logql&from=now-5m&to=now&refresh=off")
    box = field(page, "LogQL")
    box.press_sequentially("{service_n")
    take(page, "service_name")
    take(page, "bank")
    box.press_sequentially("} | order_r")
    take(page, "order_ref")
    take(page, "explored")
    expect(box).to_have_value('{service_name="bank"} | order_ref="explored"')
    page.keyboard.press("Enter")

    lines = page.get_by_role("list", name="Log lines").get_by_role("listitem")
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("charge.declined")
    lines.locator(".log-open").click()
    page.get_by_role("button", name="Without lines with this amount").click()
    expect(box).to_have_value('{service_name="bank"} | order_ref="explored" | amount!="1700"')
    expect(page.locator(".log-info")).to_have_text("nothing found")


@pytest.mark.usefixtures("traded")
def test_what_logql_counts_is_drawn(page: Page) -> None:
    query = "sum by (service_name) (count_over_time({service_name=~'.%2B'}[1m]))".replace("'", '"')
    page.goto(f"/explore?lang=logql&from=now-5m&to=now&refresh=off&query={query}")
    expect(page.locator(".explore-chart").get_by_role("button", name="bank")).to_be_visible()


def test_a_traceql_query_is_completed_and_answered_with_traces(page: Page, shop: Shop) -> None:
    sent = shop.order()
    page.goto("/explore?lang=traceql&from=now-5m&to=now&refresh=off")
    box = field(page, "TraceQL")
    box.press_sequentially("{ http.ro")
    take(page, "span.http.route")
    box.press_sequentially("= ")
    take(page, '"/orders"')
    box.press_sequentially(" && sta")
    take(page, "status")
    box.press_sequentially("!= ")
    take(page, "error")
    box.press_sequentially("}")
    expect(box).to_have_value('{ span.http.route = "/orders" && status != error }')
    page.keyboard.press("Enter")

    expect(page.locator(f'.traces a[href*="{sent.trace}"]')).to_be_visible()


@pytest.mark.parametrize(
    ("language", "query", "words"),
    [
        ("PromQL", "rate(up", "unclosed left parenthesis"),
        ("LogQL", "{nothing", "parse error"),
        ("TraceQL", "{ a = }", "parse error"),
    ],
)
def test_a_wrong_query_is_answered_in_place_with_the_servers_words(
    page: Page, watch: Watch, language: str, query: str, words: str
) -> None:
    watch.refusals.add(400)
    page.goto(f"/explore?lang={language.lower()}&refresh=off")
    box = field(page, language)
    box.fill(query)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(words)
    expect(box).to_have_attribute("aria-invalid", "true")
    expect(box).to_have_value(query)


@pytest.mark.usefixtures("traded")
def test_an_empty_query_offers_examples_that_can_be_run(page: Page) -> None:
    page.goto("/explore?refresh=off")
    page.get_by_role("link", name="up", exact=True).click()
    expect(field(page, "PromQL")).to_have_value("up")
    expect(page.locator(".explore-chart").get_by_role("button", name="up{")).to_be_visible()
