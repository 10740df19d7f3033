"""The dashboards that Grafana is provisioned with, given to the viewer's page as they are."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

_VIEWER = Path(__file__).parents[1]
# A wheel carries the committed JSON inside the package; a checkout has it in its own folder.
_FOLDERS = (_VIEWER / "dashboards", _VIEWER.parents[1] / "grafana" / "dashboards")
Dashboard = dict[str, Any]


def routes(folder: Path | None = None) -> list[BaseRoute]:
    source = folder or dashboards_folder()

    def list_dashboards(_: Request) -> JSONResponse:
        return JSONResponse([_summary(dashboard) for dashboard in _dashboards(source)])

    def dashboard(request: Request) -> JSONResponse:
        uid = request.path_params["uid"]
        found = {each["uid"]: each for each in _dashboards(source)}
        if uid not in found:
            known = ", ".join(found) or "none"
            detail = f"There is no dashboard {uid!r}; known are: {known}."
            return JSONResponse({"detail": detail}, 404)
        return JSONResponse(found[uid])

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


def _dashboards(folder: Path) -> Iterator[Dashboard]:
    """Read at each request: a dashboard built anew is seen by reloading the page."""
    for path in sorted(folder.glob("*.json")):
        yield json.loads(path.read_text(encoding="utf-8"))


def _summary(dashboard: Dashboard) -> dict[str, str]:
    return {
        "uid": dashboard["uid"],
        "title": dashboard["title"],
        "description": dashboard.get("description", ""),
    }
