"""The dashboards that Grafana is provisioned with, as they are, and the user's own beside them."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from sightline.viewer.boards import Board, LeftOut, read_folder

_VIEWER = Path(__file__).parents[1]
# A wheel carries the committed JSON inside the package; a checkout has it in its own folder.
_FOLDERS = (_VIEWER / "dashboards", _VIEWER.parents[1] / "grafana" / "dashboards")
Dashboard = dict[str, Any]


def routes(own: Path | None = None) -> list[BaseRoute]:
    """Both folders are read at each request: what was edited is seen by reloading the page."""
    source = dashboards_folder()

    def list_dashboards(_: Request) -> Response:
        shipped = list(_shipped(source))
        found = list(_own(own, shipped))
        listed = [_of_own(each) for each in found if isinstance(each, Board)]
        listed += [_summary(each) for each in shipped]
        left_out = [each._asdict() for each in found if isinstance(each, LeftOut)]
        return _json({"dashboards": listed, "left_out": left_out})

    def dashboard(request: Request) -> Response:
        uid = request.path_params["uid"]
        shipped = {each["uid"]: each for each in _shipped(source)}
        if uid in shipped:
            return JSONResponse(shipped[uid])
        boards = [each for each in _own(own, shipped.values()) if isinstance(each, Board)]
        for each in boards:
            if each.uid == uid:
                return Response(each.text, media_type="application/json")
        known = ", ".join([*(each.uid for each in boards), *shipped]) or "none"
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


def _own(folder: Path | None, shipped: Iterable[Dashboard]) -> Iterator[Board | LeftOut]:
    """A shipped one stands: its panels are what runbook, drills and doctor name."""
    taken = {each["uid"]: f"the shipped dashboard {each['title']}" for each in shipped}
    return read_folder(folder, taken) if folder else iter(())


def _summary(dashboard: Dashboard) -> dict[str, str]:
    return {
        "uid": dashboard["uid"],
        "title": dashboard["title"],
        "description": dashboard.get("description", ""),
        "file": "",
    }


def _of_own(board: Board) -> dict[str, str]:
    return {name: value for name, value in board._asdict().items() if name != "text"}


def _json(content: Any, status: int = 200) -> Response:
    """Escaped: a file's name need not be a text that UTF-8 can hold."""
    return Response(json.dumps(content), status, media_type="application/json")
