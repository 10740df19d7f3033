"""The service map: who calls whom, how often, how fast and how often in vain."""

import re

from playwright.sync_api import Page, expect
from shop import Shop


def test_a_call_from_one_service_to_another_is_an_arrow_that_leads_to_its_traces(
    page: Page, shop: Shop
) -> None:
    sent = shop.call("bank")
    page.goto("/map?from=now-5m&to=now&refresh=off")
    service_map = page.get_by_role("group", name="Service map")
    arrow = service_map.get_by_role("link", name=re.compile("^shop calls bank: .* % errors"))
    expect(arrow).to_be_visible()
    expect(service_map.get_by_role("link", name=re.compile("^bank: "))).to_be_visible()
    calls = page.get_by_role("region", name="Calls between services")
    expect(calls.get_by_role("row")).to_have_count(2)
    expect(calls.get_by_role("row").last).to_contain_text("100 %")

    calls.get_by_role("link", name="Traces from shop to bank").click()

    expect(page.locator(f'.traces a[href*="{sent.trace}"]')).to_be_visible()


def test_a_service_leads_to_its_traces_by_keyboard(page: Page, shop: Shop) -> None:
    shop.order()
    page.goto("/map?from=now-5m&to=now&refresh=off")
    node = page.get_by_role("group", name="Service map").get_by_role(
        "link", name=re.compile("^shop: ")
    )
    node.focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("/traces.*service=shop"))


def test_a_time_without_requests_says_what_the_map_is_made_of(page: Page) -> None:
    page.goto("/map?from=1000000000000&to=1000000060000")
    expect(page.get_by_text("No service answered a request")).to_be_visible()
