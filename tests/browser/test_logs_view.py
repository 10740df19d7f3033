"""The logs view: filters that write LogQL, fields that become filters, and the live tail."""

import re
import time

from bulk import send_lines
from playwright.sync_api import Page, WebSocketRoute, expect
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


def test_a_value_filters_to_the_letter(page: Page, shop: Shop) -> None:
    shop.front.log("letters", sql="\n SELECT 1", said='"so"', batch="letters")
    shop.front.log("letters", sql="SELECT 1", said="so", batch="letters")
    shop.wait_for_lines('{service_name="shop"} | batch="letters"', 2)
    page.goto("/logs?service=shop&field=batch=letters&refresh=off")
    lines = page.locator(".log-row")
    expect(lines).to_have_count(2)
    for name in ("sql", "said"):
        lines.last.locator(".log-open").click()
        page.get_by_role("button", name=f"Only lines with this {name}").click()
        expect(lines).to_have_count(1)
        expect(page.locator(".failure, .empty")).to_have_count(0)
        page.get_by_role("button", name=f"Remove the filter {name}=").click()
        expect(lines).to_have_count(2)
        page.reload()
        expect(lines).to_have_count(2)

    page.get_by_label("Add a field filter").fill("said=")
    page.get_by_role("option", name='"so"').click()
    expect(page.get_by_label("LogQL")).to_have_value(re.compile(r'said="\\"so\\""'))
    expect(lines).to_have_count(1)


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


def test_the_live_tail_counts_the_lines_that_came_faster_than_it_could_take(
    page: Page, shop: Shop
) -> None:
    page.goto("/logs?service=flood&live=1")
    send_lines(shop.otlp, "flood", 1)
    told = page.locator(".log-info")
    expect(told).to_contain_text("1 line")
    send_lines(shop.otlp, "flood", 9_000)
    expect(told).to_contain_text(re.compile(r"[\d,]+ skipped"))
    # None is lost without being counted.
    wait_for_lines_and_skipped(page, 9_001)


def wait_for_lines_and_skipped(page: Page, count: int) -> None:
    page.wait_for_function(
        """count => (document.querySelector(".log-info").innerText
          .match(/[\\d,]+(?= lines| skipped)/g) ?? [])
          .reduce((sum, each) => sum + Number(each.replace(",", "")), 0) === count""",
        arg=count,
    )


class Connection:
    """The live tail's, of the page that is opened next."""

    def __init__(self, page: Page) -> None:
        self.silent = False
        self._sockets: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/api/v1/tail"), self._through)

    def _through(self, socket: WebSocketRoute) -> None:
        self._sockets.append(socket)

        def pass_on(message: str | bytes) -> None:
            if not self.silent and socket is self._sockets[-1]:
                socket.send(message)

        socket.connect_to_server().on_message(pass_on)

    def interrupt(self) -> None:
        self._sockets[-1].close(code=1012)


def test_a_tail_that_was_interrupted_brings_what_it_missed_and_no_line_twice(
    page: Page, shop: Shop
) -> None:
    connection = Connection(page)
    page.goto("/logs?field=cut=yes&live=1")
    expect(page.get_by_text("Waiting for the first line")).to_be_visible()
    shop.front.log("cut.before", cut="yes")
    lines = page.get_by_role("listitem")
    expect(lines).to_contain_text("cut.before")
    connection.interrupt()
    expect(page.get_by_role("alert")).to_contain_text("The live tail ended (1012).")
    shop.front.log("cut.between", cut="yes")
    expect(lines.first).to_contain_text("cut.between")
    shop.front.log("cut.after", cut="yes")
    expect(lines.first).to_contain_text("cut.after")
    expect(lines).to_have_count(3)
    expect(page.get_by_role("alert")).to_have_count(0)


def test_a_tail_that_fell_silent_minutes_before_it_was_interrupted_brings_what_it_missed(
    page: Page, shop: Shop
) -> None:
    """As when a laptop slept, or one end of the connection does not know that the other is gone."""
    connection = Connection(page)
    page.clock.install()
    page.goto("/logs?field=asleep=yes&live=1")
    expect(page.get_by_text("Waiting for the first line")).to_be_visible()
    shop.front.log("asleep.before", asleep="yes")
    lines = page.get_by_role("listitem")
    expect(lines).to_contain_text("asleep.before")
    connection.silent = True
    shop.front.log("asleep.between", asleep="yes")
    shop.wait_for_lines('{service_name=~".+"} | asleep="yes"', 2)
    page.clock.fast_forward("05:00")
    connection.silent = False
    connection.interrupt()
    expect(lines.first).to_contain_text("asleep.between")
    expect(lines).to_have_count(2)


def test_a_tail_that_was_interrupted_counts_what_it_does_not_bring(page: Page, shop: Shop) -> None:
    connection = Connection(page)
    page.goto("/logs?service=gap&live=1")
    expect(page.get_by_text("Waiting for the first line")).to_be_visible()
    # So close together that none is of before the tail began.
    send_lines(shop.otlp, "gap", 50, apart=1)
    expect(page.locator(".log-info")).to_contain_text("50 lines")
    connection.interrupt()
    send_lines(shop.otlp, "gap", 3_000, apart=1)
    wait_for_lines_and_skipped(page, 3_050)


def scroll_down_until(page: Page, told: str) -> None:
    """As a person does who keeps turning the wheel while older lines come."""
    page.wait_for_function(
        """told => {
          const list = document.querySelector("[aria-label='Log lines']");
          list.scrollTop = list.scrollHeight;
          return document.querySelector(".log-info").innerText.trim() === told;
        }""",
        arg=told,
        polling=100,
        timeout=60_000,
    )


def test_of_many_lines_only_those_in_sight_are_drawn_and_older_ones_follow(
    page: Page, shop: Shop
) -> None:
    send_lines(shop.otlp, "bulk", 12_000)
    shop.wait_for_lines('{service_name="bulk"} | number="11999"', 1)
    shop.wait_for_lines('{service_name="bulk"} | number="0"', 1)
    page.goto("/logs?service=bulk&refresh=off")
    expect(page.locator(".log-info")).to_contain_text("5,000 lines of about 12,000")
    rows = page.get_by_role("list", name="Log lines")
    expect(rows.get_by_role("listitem").first).to_contain_text("number=11999")
    scroll_down_until(page, "12,000 lines")
    rows.evaluate("list => list.scrollTop = list.scrollHeight")
    expect(rows.get_by_role("listitem").filter(has_text=re.compile(r"number=0\b"))).to_be_visible()
    assert rows.get_by_role("listitem").count() < 80


def test_lines_of_one_moment_that_no_answer_can_bring_are_counted_and_older_ones_follow(
    page: Page, shop: Shop
) -> None:
    now = time.time_ns()
    send_lines(shop.otlp, "burst", 100, end=now - 1_000_000_000)
    send_lines(shop.otlp, "burst", 6_000, apart=0, end=now)
    page.goto("/logs?service=burst&refresh=off")
    told = page.locator(".log-info")
    expect(told).to_contain_text("5,000 lines")
    rows = page.get_by_role("list", name="Log lines")
    rows.evaluate("list => list.scrollTop = list.scrollHeight")
    expect(told).to_contain_text("5,100 lines")
    expect(told).to_contain_text("1,000 of a single moment are left out")


def test_a_refresh_keeps_the_place_and_the_line_that_is_read(page: Page, shop: Shop) -> None:
    send_lines(shop.otlp, "read", 500)
    shop.wait_for_lines('{service_name="read"} | number="499"', 1)
    page.goto("/logs?service=read&refresh=off")
    rows = page.get_by_role("list", name="Log lines")
    expect(rows.get_by_role("listitem").first).to_be_visible()
    rows.evaluate("list => list.scrollTop = 26 * 100")
    read = rows.get_by_role("listitem").filter(has_text=re.compile(r"number=395\b"))
    read.locator(".log-open").click()
    expect(page.locator(".log-detail")).to_be_visible()
    before = read.bounding_box()

    send_lines(shop.otlp, "read", 20)
    shop.wait_for_lines('{service_name="read"} | number="19"', 2)
    page.get_by_role("button", name="Refresh now").click()

    expect(page.locator(".log-info")).to_have_text("520 lines")
    expect(page.locator(".log-detail")).to_be_visible()
    assert read.bounding_box() == before


def test_the_arrows_walk_from_line_to_line(page: Page, shop: Shop) -> None:
    send_lines(shop.otlp, "walked", 30)
    shop.wait_for_lines('{service_name="walked"}', 30)
    page.goto("/logs?service=walked&refresh=off")
    lines = page.get_by_role("list", name="Log lines").locator(".log-open")
    lines.first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    expect(lines.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(lines.nth(1)).to_have_attribute("aria-expanded", "true")
    expect(lines.nth(1)).to_be_focused()


def test_the_names_and_values_of_fields_are_offered(page: Page, shop: Shop) -> None:
    shop.order(order_ref="offered")
    shop.wait_for_lines('{service_name=~".+"} | order_ref="offered"', 2)
    page.goto("/logs?refresh=off")
    page.get_by_label("Add a field filter").press_sequentially("order_r")
    page.get_by_role("option", name="order_ref").click()
    page.get_by_role("option", name="offered").click()
    expect(page.get_by_label("LogQL")).to_have_value('{service_name=~".+"} | order_ref="offered"')
    expect(page.locator(".log-row")).to_have_count(2)


def test_a_query_that_is_wrong_is_answered_with_the_servers_words(
    page: Page, shop: Shop, watch: Watch
) -> None:
    watch.refusals.add(400)
    page.goto("/logs")
    page.get_by_label("LogQL").fill("{nothing")
    page.get_by_label("LogQL").press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("parse error")
