"""A viewer that asks for a token: opened by its link or by hand, and shut to everybody else."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect
from viewing import viewing

TOKEN = "a-token-of-some-length"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("guarded")
    with viewing(folder, SIGHTLINE_TOKEN=TOKEN) as viewer:
        yield viewer.page


def test_the_printed_link_opens_the_page_and_leaves_no_token(
    browser: Browser, guarded: str
) -> None:
    context = browser.new_context(base_url=guarded)
    page = context.new_page()
    page.goto(f"/status?token={TOKEN}")
    expect(page.get_by_role("navigation", name="Views")).to_be_visible()
    assert page.url == f"{guarded}/status"
    # What the page asks by itself is answered: it has the cookie, though no script can read it.
    expect(page.locator("#view")).to_contain_text("received", ignore_case=True)
    assert page.evaluate("document.cookie") == ""
    page.goto("/logs")
    expect(page.get_by_role("navigation", name="Views")).to_be_visible()
    context.close()


def test_without_it_there_is_a_form_that_takes_it(browser: Browser, guarded: str) -> None:
    context = browser.new_context(base_url=guarded)
    page = context.new_page()
    page.goto("/traces")
    expect(page.get_by_role("navigation", name="Views")).to_have_count(0)
    page.get_by_label("Token").fill("a wrong one")
    page.get_by_role("button", name="Open").click()
    page.get_by_label("Token").fill(TOKEN)
    page.get_by_role("button", name="Open").click()
    expect(page.get_by_role("navigation", name="Views")).to_be_visible()
    context.close()
