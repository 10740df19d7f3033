"""The shipped runbook, by section: what an alert of the shipped rules means and what to do."""

import re
from pathlib import Path

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

_VIEWER = Path(__file__).parents[1]
# A wheel carries the runbook inside the package; a checkout has it among its documents.
_PLACES = (_VIEWER / "runbook.md", _VIEWER.parents[1] / "docs" / "runbook.md")
_SECTION = re.compile(r"^### (\S+)\n(.*?)(?=^#|\Z)", re.MULTILINE | re.DOTALL)


def routes() -> list[BaseRoute]:
    def section(request: Request) -> JSONResponse:
        """By its anchor, which is the alert's name in small letters."""
        anchor = request.path_params["anchor"]
        for title, text in _sections():
            if title.lower() == anchor.lower():
                return JSONResponse({"title": title, "text": text.strip()})
        return JSONResponse({"detail": f"The runbook has no section {anchor!r}."}, 404)

    return [Route("/api/runbook/{anchor}", section)]


def _sections() -> list[tuple[str, str]]:
    place = next((path for path in _PLACES if path.is_file()), None)
    return _SECTION.findall(place.read_text(encoding="utf-8")) if place else []
