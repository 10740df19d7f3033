"""What axe-core finds wrong with a page, for those who cannot see it or use no mouse."""

from collections.abc import Sequence

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe()
# A theme changes colours and nothing else: these are the rules that it could break.
OF_COLOUR = ("color-contrast", "link-in-text-block")

# axe leaves out what only WCAG 2.2 asks for: targets of 24 pixels, or as far apart.
WITH_SIZES = {"rules": {"target-size": {"enabled": True}}}


def violations(page: Page, rules: Sequence[str] = ()) -> list[str]:
    """Each with the element that it finds it in."""
    only = {"runOnly": {"type": "rule", "values": list(rules)}} if rules else WITH_SIZES
    found = AXE.run(page, options=only).response["violations"]
    return [
        f"{each['id']}: {each['help']}: {node['html'][:160]}"
        for each in found
        for node in each["nodes"]
    ]
