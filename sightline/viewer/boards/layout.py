"""Where each panel stands: rows laid open, so that the page can close and open them."""

import re
from collections.abc import Iterator
from typing import Any

from sightline.viewer.boards.fields import Fields, fields, is_number, items, text, whole

_COLUMNS = 24
_SPANS = 12  # of a row, before there was a grid
_ROW_PIXELS, _ROW_STANDARD = 38, 250  # what one row of the grid takes, and what a row had
_MOST_HEIGHT, _LOWEST = 100, 10_000
_MOST_PANELS = 2_000
_MOST_ID = 2**31


def panels_of(document: Fields) -> list[Fields]:
    """In the order in which they are read, each with an `id` and a `gridPos` of its own."""
    listed = document.get("panels")
    given = items(listed) if isinstance(listed, list) else _of_rows(items(document.get("rows")))
    # A dashboard before there was a grid may have an empty list of panels besides.
    if not given:
        given = _of_rows(items(document.get("rows")))
    placed = list(_open(_placed(given)))[:_MOST_PANELS]
    taken: set[int] = set()
    for panel in placed:
        panel["id"] = _own_id(panel.get("id"), taken)
    return placed


def _own_id(given: Any, taken: set[int]) -> int:
    usable = isinstance(given, int) and 0 < given < _MOST_ID and given not in taken
    found = given if usable else next(each for each in range(1, _MOST_ID) if each not in taken)
    taken.add(found)
    return int(found)


def _placed(panels: list[Fields]) -> list[Fields]:
    """One that says no place stands below what is before it."""
    found, lowest = [], 0
    for panel in panels:
        given = fields(panel.get("gridPos"))
        is_row = panel.get("type") == "row"
        x = whole(given.get("x"), 0, _COLUMNS - 1, 0)
        y = whole(given.get("y"), 0, _LOWEST, lowest)
        w = _COLUMNS if is_row else whole(given.get("w"), 1, _COLUMNS - x, _COLUMNS - x)
        h = 1 if is_row else whole(given.get("h"), 1, _MOST_HEIGHT, 8)
        found.append(panel | {"gridPos": {"x": 0 if is_row else x, "y": y, "w": w, "h": h}})
        lowest = max(lowest, y + h)
    return sorted(found, key=lambda each: (each["gridPos"]["y"], each["gridPos"]["x"]))


def _open(panels: list[Fields]) -> Iterator[Fields]:
    """A closed row holds its panels, in the places that they had when it was closed.

    Up to the next row, what follows it is `outside`: it stays when the row is closed again.
    """
    pushed, is_outside = 0, False
    for panel in panels:
        is_row = panel.get("type") == "row"
        place = panel["gridPos"] | {"y": panel["gridPos"]["y"] + pushed}
        inside = _placed(items(panel.get("panels"))) if is_row else []
        is_outside = bool(inside) if is_row else is_outside
        marks = {"collapsed": bool(inside)} if is_row else {"outside": is_outside}
        yield panel | {"gridPos": place} | marks
        if not inside:
            continue
        top = inside[0]["gridPos"]["y"]
        for each in inside:
            own = each["gridPos"]
            below = own | {"y": own["y"] - top + place["y"] + 1}
            yield each | {"gridPos": below, "outside": False}
        pushed += max(each["gridPos"]["y"] + each["gridPos"]["h"] for each in inside) - top


def _of_rows(rows: list[Fields]) -> list[Fields]:
    """Before there was a grid, a dashboard was rows of so many pixels, of twelve spans each."""
    found: list[Fields] = []
    y = 0
    for row in rows:
        closed = bool(row.get("collapse"))
        placed, below = _beside(items(row.get("panels")), _height(row.get("height")), y + 1)
        if closed or row.get("showTitle"):
            header = {"type": "row", "title": text(row.get("title")), "gridPos": {"y": y}}
            found.append(header | ({"panels": placed} if closed else {}))
        found += [] if closed else placed
        y = y + 1 if closed else below
    return found


def _beside(panels: list[Fields], height: int, y: int) -> tuple[list[Fields], int]:
    placed, x = [], 0
    for panel in panels:
        span = panel.get("span")
        # No number is too large to be a bound, and some are to be multiplied.
        spans = min(max(span, 1), _SPANS) if is_number(span) else _SPANS
        width = round(spans * _COLUMNS / _SPANS)
        if x + width > _COLUMNS:
            x, y = 0, y + height
        placed.append(panel | {"gridPos": {"x": x, "y": y, "w": width, "h": height}})
        x += width
    return placed, y + height


def _height(given: Any) -> int:
    """Of `250`, or of `250px`."""
    found = re.match(r"\d{1,5}", str(given)) if isinstance(given, str | int) else None
    return min(max(round(int(found[0] if found else _ROW_STANDARD) / _ROW_PIXELS), 3), _MOST_HEIGHT)
