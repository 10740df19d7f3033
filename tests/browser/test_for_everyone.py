"""What holds in every view: names for controls, words that can be read, a phone's width."""

import pytest
from playwright.sync_api import Browser, Page, expect
from shop import Shop

VIEWS = ["/d/service?var-service=shop", "/logs", "/traces", "/status"]

# Text smaller than 18.66 px bold or 24 px needs 4.5:1 against what is painted behind it.
LOW_CONTRAST = """() => {
  const parse = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
  const light = ([r, g, b]) => [r, g, b].map((v) => v / 255)
    .map((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
    .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (node) => {
    for (let at = node; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] === 1) return colour;
    }
    return [255, 255, 255];
  };
  const found = [];
  for (const node of document.querySelectorAll("body *")) {
    const own = [...node.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
    const style = getComputedStyle(node);
    const seen = node.checkVisibility({ opacityProperty: true });
    if (!own || !seen || node.matches("option")) continue;
    const [a, b] = [light(parse(style.color)), light(behind(node))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = parseFloat(style.fontSize) >= 24;
    const told = `${node.className} "${node.textContent.slice(0, 30)}" ${ratio.toFixed(2)}`;
    if (ratio < (large ? 3 : 4.5)) found.push(told);
  }
  return found;
}"""
NAMELESS = """() => [...document.querySelectorAll("button, a[href], input, select, summary")]
  .filter((node) => node.checkVisibility() && !node.closest("[aria-hidden=true]"))
  .filter((node) => !node.textContent.trim() && !node.getAttribute("aria-label"))
  .filter((node) => !node.labels?.length)
  .map((node) => node.outerHTML.slice(0, 120))"""


def loaded(page: Page, address: str, shop: Shop) -> None:
    sent = shop.order()
    page.goto(address.replace("TRACE", sent.trace).replace("SPAN", sent.charge))
    expect(
        page.locator("main :is(.panel-body > *, .log-row, .traces tr, .card, .span-row)").first
    ).to_be_visible()
    expect(page.locator(".loading")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("address", [*VIEWS, "/traces/TRACE?span=SPAN"])
def test_every_text_can_be_read_and_every_control_has_a_name(
    page: Page, shop: Shop, address: str, scheme: str
) -> None:
    page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    loaded(page, address, shop)
    assert page.evaluate(LOW_CONTRAST) == []
    assert page.evaluate(NAMELESS) == []


@pytest.mark.parametrize("address", [*VIEWS, "/traces/TRACE?span=SPAN"])
def test_a_phone_scrolls_no_view_sideways(page: Page, shop: Shop, address: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    loaded(page, address, shop)
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.locator("main").evaluate("main => main.scrollWidth <= main.clientWidth")


def test_the_policy_of_the_page_forbids_what_the_page_does_not_need(
    browser: Browser, shop: Shop
) -> None:
    """Were markup ever made of telemetry, the browser itself would refuse it."""
    with browser.new_context(base_url=shop.viewer) as context:
        page = context.new_page()
        answer = page.goto("/logs")
        assert answer
        policy = answer.headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "unsafe" not in policy
        refused = page.evaluate(
            """() => {
              try { document.body.innerHTML = "<b>x</b>"; } catch (error) { return error.name; }
            }"""
        )
        assert refused == "TypeError"
