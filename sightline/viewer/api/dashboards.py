"""The dashboards that Grafana is provisioned with, as they are, and the user's own beside them."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sightline.viewer.boards import Board, LeftOut, Shelf

_VIEWER = Path(__file__).parents[1]
# A wheel carries the committed JSON inside the package; a checkout has it in its own folder.
_FOLDERS = (_VIEWER / "dashboards", _VIEWER.parents[1] / "grafana" / "dashboards")
Dashboard = dict[str, Any]


def routes(own: Path | None = None) -> list[BaseRoute]:
    """Both folders are looked through at each request: an edit is seen by reloading the page."""
    source = dashboards_folder()
    shelf = Shelf(own) if own else None

    def found_on_shelf(shipped: Iterable[Dashboard]) -> list[Board | LeftOut]:
        """A shipped one stands: its panels are what runbook, drills and doctor name."""
        taken = {each["uid"]: f"the shipped dashboard {each['title']}" for each in shipped}
        return shelf.listed(taken) if shelf else []

    def own_one(uid: str) -> Response | None:
        text = shelf.text(uid) if shelf else None
        return None if text is None else Response(text, media_type="application/json")

    def list_dashboards(_: Request) -> Response:
        shipped = list(_shipped(source))
        found = found_on_shelf(shipped)
        listed = [each._asdict() for each in found if isinstance(each, Board)]
        listed += [_summary(each) for each in shipped]
        left_out = [each._asdict() for each in found if isinstance(each, LeftOut)]
        return _json({"dashboards": listed, "left_out": left_out})

    def dashboard(request: Request) -> Response:
        uid = request.path_params["uid"]
        if found := own_one(uid):
            return found
        shipped = {each["uid"]: each for each in _shipped(source)}
        if uid in shipped:
            return JSONResponse(shipped[uid])
        # Of the own ones only those are known that were listed: a new one is found by a new list.
        boards = [each.uid for each in found_on_shelf(shipped.values()) if isinstance(each, Board)]
        if found := own_one(uid):
            return found
        known = ", ".join([*boards, *shipped]) or "none"
        return _json({"detail": f"There is no dashboard {uid!r}; known are: {known}."}, 404)

    return [
        Route("/api/dashboards", list_dashboards),
        Route("/api/dashboards/{uid}", dashboard),
    ]


def dashboards_folder() -> Path:
    for folder in _FOLDERS:
        if folder.is_dir():
            return folder
    places = " and ".join(str(folder) for folder in _FOLDERS)
    raise FileNotFoundError(f"No dashboards in {places}: install Sightline again.")


def _shipped(folder: Path) -> Iterator[Dashboard]:
    for path in sorted(folder.glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def _summary(dashboard: Dashboard) -> dict[str, str]:
    return {
        "uid": dashboard["uid"],
        "title": dashboard["title"],
        "description": dashboard.get("description", ""),
        "file": "",
    }


def _json(content: Any, status: int = 200) -> Response:
    """Escaped: a file's name need not be a text that UTF-8 can hold."""
    return Response(json.dumps(content), status, media_type="application/json")
