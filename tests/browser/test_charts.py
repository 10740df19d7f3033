"""Charts: a crosshair that all share, the legend's figures, thresholds, and one zoom for all."""

import json
import re
import time
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from bulk import send_lines
from playwright.sync_api import Locator, Page, Route, expect
from shop import Shop

END = int(time.time()) - 5
RANGE = f"from={END - 300}000&to={END}000"


def panel(number: int, title: str, *exprs: str) -> dict[str, Any]:
    """One line a query, in requests per second, with a limit at 1."""
    return {
        "id": number,
        "type": "timeseries",
        "title": title,
        "gridPos": {"x": 12 * (number % 2), "y": 0, "w": 12, "h": 10},
        "targets": [
            {"refId": f"{index}", "expr": expr, "legendFormat": expr}
            for index, expr in enumerate(exprs)
        ],
        "fieldConfig": {
            "defaults": {
                "unit": "reqps",
                "decimals": 1,
                "custom": {"thresholdsStyle": {"mode": "line"}},
                "thresholds": {
                    "mode": "absolute",
                    "steps": [{"value": None, "color": "green"}, {"value": 1, "color": "red"}],
                },
            },
            "overrides": [],
        },
        "options": {"legend": {"displayMode": "table", "calcs": ["lastNotNull", "max"]}},
    }


BOARD = {
    "uid": "charts",
    "title": "Charts",
    "panels": [
        panel(2, "Left", "vector(2)", "vector(1.5)"),
        panel(3, "Right", "time() % 60"),
    ],
}


@pytest.fixture
def board(page: Page) -> Page:
    """A dashboard whose values are known."""

    def given(route: Route) -> None:
        route.fulfill(body=json.dumps(BOARD), content_type="application/json")

    page.route("**/api/dashboards/charts", given)
    page.goto(f"/d/charts?{RANGE}")
    expect(page.locator(".u-over")).to_have_count(2)
    return page


def over(page: Page, title: str) -> Locator:
    return page.get_by_role("region", name=title).locator(".u-over")


def box(locator: Locator) -> dict[str, float]:
    found = locator.bounding_box()
    assert found
    return dict(found)


def point(page: Page, at: Locator, share: float) -> None:
    """The pointer so far along a chart."""
    place = box(at)
    page.mouse.move(place["x"] + place["width"] * share, place["y"] + place["height"] / 2)


def crosshair(page: Page, title: str) -> float:
    """How far along its chart the crosshair stands."""
    line = box(page.get_by_role("region", name=title).locator(".u-cursor-x"))
    chart = box(over(page, title))
    return (line["x"] - chart["x"]) / chart["width"]


def test_the_crosshair_of_one_chart_stands_in_every_chart(board: Page) -> None:
    for share in (0.3, 0.7):
        point(board, over(board, "Left"), share)
        expect(over(board, "Left").locator(".tooltip")).to_be_visible()
        assert crosshair(board, "Right") == pytest.approx(share, abs=0.03)
    # It says its values only where the pointer is.
    expect(over(board, "Left").locator(".tooltip")).to_contain_text("vector(2)2.0 req/s")
    expect(over(board, "Right").locator(".tooltip")).to_be_hidden()


def test_the_legend_tells_values_in_their_unit_and_a_click_shows_one_alone(board: Page) -> None:
    table = board.get_by_role("region", name="Left").get_by_role("table")
    expect(table.get_by_role("columnheader")).to_have_text(["Series", "Last", "Max"])
    rows = table.locator("tbody tr")
    expect(rows).to_have_text(["vector(2)2.0 req/s2.0 req/s", "vector(1.5)1.5 req/s1.5 req/s"])
    right = board.get_by_role("region", name="Right").locator("tbody tr")
    expect(right.locator(".figure").last).to_have_text("55.0 req/s")

    two, other = (rows.get_by_role("button", name=name) for name in ("vector(2)", "vector(1.5)"))
    two.click()
    expect(other).to_have_attribute("aria-pressed", "false")
    expect(two).to_have_attribute("aria-pressed", "true")
    board.reload()
    expect(other).to_have_attribute("aria-pressed", "false")
    two.click()
    expect(other).to_have_attribute("aria-pressed", "true")
    other.click(modifiers=["Control"])
    expect(other).to_have_attribute("aria-pressed", "false")
    expect(two).to_have_attribute("aria-pressed", "true")


def test_a_threshold_is_drawn_at_its_value_in_its_colour(board: Page) -> None:
    """At 1 of a scale from 0 to a little more than 2, in red."""
    heights = over(board, "Left").evaluate(
        """(over) => {
          const canvas = over.parentElement.querySelector("canvas");
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          const isRed = ([red, green, blue]) =>
            red - green > 40 && red - blue > 40 && Math.abs(green - blue) < 40;
          const reds = (y) => Array.from({ length: width }, (_, x) => (y * width + x) * 4)
            .filter((at) => isRed(data.subarray(at, at + 3))).length;
          return Array.from({ length: height }, (_, y) => y)
            .filter((y) => reds(y) > width / 2)
            .map((y) => 1 - (y / devicePixelRatio - over.offsetTop) / over.offsetHeight);
        }"""
    )
    assert heights
    for height in heights:
        assert height == pytest.approx(1 / (2 * 1.08), abs=0.02)


def drag(page: Page, chart: Locator, begin: float, end: float) -> None:
    point(page, chart, begin)
    page.mouse.down()
    place = box(chart)
    middle = place["y"] + place["height"] / 2
    page.mouse.move(place["x"] + place["width"] * end, middle, steps=5)
    page.mouse.up()


def test_a_drag_over_one_chart_zooms_all_of_them(board: Page) -> None:
    asked: dict[str, tuple[float, float]] = {}

    def note(url: str) -> None:
        if "/query_range" in url:
            found = parse_qs(urlsplit(url).query)
            asked[found["query"][0]] = float(found["start"][0]), float(found["end"][0])

    board.on("request", lambda request: note(request.url))
    drag(board, over(board, "Left"), 0.4, 0.8)
    expect(board).to_have_url(re.compile(r"from=\d{13}&to=\d{13}"))
    expect(board.locator(".panel.loading")).to_have_count(0)
    begin, end = END - 300 + 0.4 * 300, END - 300 + 0.8 * 300
    assert set(asked) == {"vector(2)", "vector(1.5)", "time() % 60"}
    for query, times in asked.items():
        assert times == pytest.approx((begin, end), abs=15), query
    board.go_back()
    expect(board).to_have_url(re.compile(RANGE))


def test_the_histogram_counts_the_lines_of_each_level_and_zooms_too(page: Page, shop: Shop) -> None:
    now = time.time_ns() - 60_000_000_000
    for number, level in enumerate(("INFO", "ERROR", "INFO", "WARN", "INFO", "ERROR")):
        shop.front.log("levels", level, at=now + number, batch="levels")
    send_lines(shop.otlp, "of-another", 5)
    page.goto("/logs?field=batch=levels&from=now-5m&to=now&refresh=off")
    histogram = page.get_by_role("img", name="Lines over time")
    expect(histogram).to_have_accessible_name("Lines over time: 2 error, 1 warn, 3 info")
    drag(page, page.locator(".volume .u-over"), 0.95, 1.0)
    expect(page).to_have_url(re.compile(r"from=\d{13}&to=\d{13}"))
    expect(page.get_by_text("No line matches.")).to_be_visible()
