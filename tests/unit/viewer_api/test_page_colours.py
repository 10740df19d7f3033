"""Text in any colour of the page can be read on any of its grounds, light and dark."""

import re
from itertools import product
from pathlib import Path

import pytest

WEB = Path(__file__).parents[3] / "sightline" / "viewer" / "web"
PALETTE = (WEB / "palette.js").read_text()
GROUNDS = ("ground", "surface", "raised", "accent-soft", "mark")
WORDS = ("text", "muted", "accent", "bad", "warn")
READABLE = 4.5  # WCAG's level AA


def themed(theme: str) -> tuple[list[str], dict[str, str]]:
    """The palette's colours, and the custom properties of the style sheet."""
    lists = re.findall(rf"\b{theme}: [\[{{](.*?)[\]}}]", PALETTE)
    light, dark = re.findall(r":root {(.*?)}", (WEB / "css" / "base.css").read_text(), re.DOTALL)
    given = light if theme == "light" else light + dark
    properties = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", given))
    return re.findall(r'"(#[0-9a-f]{6})"', "".join(lists)), properties


def luminance(colour: str) -> float:
    digits = colour[1:] if len(colour) == 7 else "".join(2 * each for each in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_every_colour_of_text_is_read_on_every_ground(theme: str) -> None:
    colours, properties = themed(theme)
    assert len(colours) == 18
    words = colours + [properties[name] for name in WORDS]
    grounds = [properties[name] for name in GROUNDS]
    poor = {pair: contrast(*pair) for pair in product(words, grounds) if contrast(*pair) < READABLE}
    assert poor == {}
