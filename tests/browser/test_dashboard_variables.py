"""A dashboard's variables: several values at once and all of them, as Grafana writes them."""

import re
import time

import pytest
from accessible import violations
from bulk import send_requests
from playwright.sync_api import Locator, Page, expect
from shop import Shop

# A variable's own fields, and a text with it; then what Grafana makes of that text.
ONE, TWO, ALL = ["a.b"], ["a.b", "c|d"], ["$__all"]
WRITTEN = [
    (TWO, {}, '{x=~"$v"}', r'{x=~"(a\\.b|c\\|d)"}'),
    (ONE, {}, '{x=~"$v"}', r'{x=~"a\\.b"}'),
    (ALL, {}, '{x=~"[[v]]"}', r'{x=~"(a\\.b|c\\|d|e)"}'),
    (ALL, {"allValue": ".*"}, '{x=~"${v}"}', '{x=~".*"}'),
    (ONE, {"multi": False, "includeAll": False}, '{x="$v"}', '{x="a.b"}'),
    (['say "so"'], {"multi": False, "includeAll": False}, '{x="$v"}', r'{x="say \"so\""}'),
    (TWO, {}, "${v:csv} ${v:pipe} ${v:raw}", "a.b,c|d a.b|c|d a.b,c|d"),
    (TWO, {}, "${v:regex}", r"(a\.b|c\|d)"),
    (TWO, {}, "${v:glob} ${v:json}", '{a.b,c|d} ["a.b","c|d"]'),
    (TWO, {}, "${v:doublequote} ${v:singlequote}", "\"a.b\",\"c|d\" 'a.b','c|d'"),
    (TWO, {}, "?${v:queryparam}", "?var-v=a.b&var-v=c%7Cd"),
    (ALL, {}, "?${v:queryparam}", "?var-v=%24__all"),
    (TWO, {}, "${v:text}", "a.b + c|d"),
    (ALL, {"allValue": ".*"}, "${v:text}", "All"),
    (TWO, {}, "$vx $other", "$vx $other"),
]


def test_a_variable_is_written_into_a_query_as_grafana_writes_it(page: Page) -> None:
    page.goto("/status")
    for value, more, text, expected in WRITTEN:
        variable = {"name": "v", "multi": True, "includeAll": True, "allValue": "", **more}
        variable |= {"options": ["a.b", "c|d", "e"], "value": value}
        written = page.evaluate(
            """([text, variable]) => import("/assets/template.js")
              .then(({ interpolate }) => interpolate(text, [variable]))""",
            [text, variable],
        )
        assert written == expected, (value, text)


@pytest.fixture(scope="module")
def till(shop: Shop) -> str:
    """The address of its dashboard: requests in three environments, each at a rate of its own."""
    end = int(time.time()) - 2
    for environment, rate in (("live", 1), ("qa", 2), ("staging", 4)):
        send_requests(shop.otlp, "till", environment, rate, end)
    return f"/d/service?var-service=till&from={end - 60}000&to={end}000"


def requests_now(page: Page) -> Locator:
    return page.get_by_role("region", name="Requests now").locator(".stat-value")


def test_several_values_are_chosen_in_a_menu_and_kept_in_the_address(page: Page, till: str) -> None:
    page.goto(till)
    expect(requests_now(page)).to_have_text("7 req/s")
    menu = page.locator("summary").filter(has_text="Environment")
    expect(menu).to_have_text("Environment: All")
    menu.click()
    choices = page.get_by_role("group", name="Environment")
    assert violations(page) == []
    choices.get_by_label("live").check()
    expect(choices.get_by_label("All")).not_to_be_checked()
    expect(requests_now(page)).to_have_text("1 req/s")
    choices.get_by_label("qa").check()
    expect(requests_now(page)).to_have_text("3 req/s")
    expect(page).to_have_url(re.compile("var-environment=live&var-environment=qa"))

    page.reload()
    expect(menu).to_have_text("Environment: live + qa")
    expect(requests_now(page)).to_have_text("3 req/s")
    panel = page.get_by_role("region", name="Requests now")
    panel.hover()
    panel.get_by_role("button", name="Query", exact=True).click()
    expect(panel.locator("pre")).to_contain_text('deployment_environment_name=~"(live|qa)"')


def test_by_keyboard_the_last_value_taken_away_is_all_of_them(page: Page, till: str) -> None:
    page.goto(f"{till}&var-environment=staging")
    expect(requests_now(page)).to_have_text("4 req/s")
    page.locator("summary").filter(has_text="Environment").focus()
    page.keyboard.press("Enter")
    choices = page.get_by_role("group", name="Environment")
    choices.get_by_label("staging").focus()
    page.keyboard.press("Space")
    expect(choices.get_by_label("All")).to_be_checked()
    expect(requests_now(page)).to_have_text("7 req/s")
    expect(page).to_have_url(re.compile("var-environment=%24__all"))
    page.keyboard.press("Escape")
    expect(page.locator("summary").filter(has_text="Environment")).to_be_focused()
