"""The status page: what arrived, what was refused and why, and what retention removed."""

from bulk import post
from playwright.sync_api import Page, expect
from shop import Shop


def test_what_a_service_sent_stands_beside_its_name(page: Page, shop: Shop) -> None:
    shop.order()
    page.goto("/status")
    rows = page.get_by_role("region", name="Received over OTLP").get_by_role("row")
    expect(rows.filter(has_text="bank").filter(has_text="Spans")).to_be_visible()
    expect(page.get_by_role("region", name="Scraped")).to_contain_text("/metrics")


def test_a_request_that_is_refused_is_told_with_its_reason(page: Page, shop: Shop) -> None:
    assert post(shop.otlp, "traces", b"this is no protobuf") == 400
    page.goto("/status")
    card = page.locator(".card").filter(has_text="Refused, and why")
    expect(card.get_by_role("listitem").filter(has_text="traces with 400")).to_be_visible()


def test_what_is_past_its_age_is_told_as_removed(page: Page) -> None:
    """The shop sent one line of two days ago; retention looks twice a minute."""
    page.goto("/status")
    table = page.get_by_role("region", name="Removed by retention")
    expect(table.get_by_role("row").filter(has_text="Log lines")).to_be_visible(timeout=60_000)
