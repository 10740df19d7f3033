"""The alerts view: what fires, since when, what it means, and where to look next."""

import re
from pathlib import Path

from playwright.sync_api import Browser, Locator, Page, expect
from shop import Shop
from viewing import viewing


def rule(page: Page, name: str) -> Locator:
    return page.get_by_role("article", name=name)


def test_an_alert_that_fires_is_told_with_all_that_it_says_until_it_clears(
    page: Page, traded: Shop
) -> None:
    traded.jammed_tills.set(3)
    traded.wait_for_alert("TillJammed", "firing")
    page.goto("/alerts")

    alert = rule(page, "TillJammed").get_by_role("listitem")
    expect(alert).to_contain_text("Firing")
    expect(alert).to_contain_text("3 tills of shop are jammed")
    expect(alert).to_contain_text("Nobody can pay there.")
    expect(alert).to_contain_text("severity=critical")
    expect(alert).to_contain_text(re.compile(r"Since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d .* ago"))
    expect(alert).to_contain_text("value 3")
    expect(alert.get_by_role("link", name="Dashboard")).to_have_attribute(
        "href", "/d/service?var-service=shop"
    )
    runbook = rule(page, "TillJammed").get_by_role("link", name="Runbook")
    expect(runbook).to_have_attribute("href", "https://tills.example/jammed")
    views = page.get_by_role("navigation", name="Views")
    expect(views.get_by_role("link", name="Alerts 2 firing")).to_be_visible()

    traded.jammed_tills.set(0)
    expect(rule(page, "TillJammed")).to_contain_text("Inactive")
    expect(rule(page, "TillJammed").get_by_role("listitem")).to_have_count(0)
    expect(views.get_by_role("link", name="Alerts 1 firing")).to_be_visible()


def test_a_rules_expression_leads_to_explore(page: Page, traded: Shop) -> None:
    traded.wait_for_alert("AlwaysFires", "firing")
    page.goto("/alerts?text=AlwaysFires")
    rule(page, "AlwaysFires").get_by_role("link", name="Explore this expression").click()
    expect(page.get_by_role("combobox", name="PromQL query")).to_have_value("vector(1)")


def test_rules_are_chosen_by_state_and_word_and_the_address_keeps_it(
    page: Page, shop: Shop
) -> None:
    shop.wait_for_alert("AlwaysPending", "pending")
    page.goto("/alerts")
    pending = page.get_by_role("group", name="State").get_by_role("button", name="Pending 1")
    pending.click()
    expect(page.get_by_role("article")).to_have_count(1)
    expect(rule(page, "AlwaysPending")).to_contain_text("Fires once it has held for 7 d")
    page.reload()
    expect(page.get_by_role("article")).to_have_count(1)
    pending.click()
    page.get_by_label("Search in the rules").fill("scrape targetdown")
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page).to_have_url(re.compile("text=scrape"))
    page.get_by_label("Search in the rules").fill("never written")
    expect(page.get_by_text("No rule matches.")).to_be_visible()


def test_by_keyboard_a_rule_opens_and_shows_what_the_runbook_says(page: Page, shop: Shop) -> None:
    page.goto("/alerts?text=TargetDown")
    opener = rule(page, "TargetDown").get_by_role("button", name="TargetDown")
    opener.focus()
    page.keyboard.press("Enter")
    expect(opener).to_have_attribute("aria-expanded", "true")
    expect(opener).to_be_focused()
    expect(rule(page, "TargetDown").locator("pre")).to_have_text("up == 0")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.get_by_role("region", name="Runbook")).to_contain_text("docker compose ps")
    page.reload()
    expect(page.get_by_role("region", name="Runbook")).to_contain_text("docker compose ps")


def test_a_rule_that_cannot_be_evaluated_says_why(page: Page, shop: Shop) -> None:
    page.goto("/alerts?state=failing")
    broken = rule(page, "CannotBeEvaluated")
    expect(broken).to_contain_text("Failing")
    expect(broken.get_by_role("note")).to_contain_text("The last evaluation failed: ")
    expect(broken.get_by_role("note")).to_contain_text("label")


def test_without_rules_it_says_how_to_have_some_and_without_a_viewer_that_there_is_none(
    browser: Browser, tmp_path: Path
) -> None:
    with (
        viewing(tmp_path, "--rules", "none") as viewer,
        browser.new_context(base_url=viewer.page) as context,
    ):
        page = context.new_page()
        page.goto("/alerts")
        expect(page.get_by_text("No rules are evaluated.")).to_be_visible()
        expect(page.locator(".firing-count")).to_be_hidden()
        viewer.supervisor.stop()
        page.get_by_label("Search in the rules").fill("anything")
        expect(page.get_by_role("alert")).to_contain_text("is it still running?")
