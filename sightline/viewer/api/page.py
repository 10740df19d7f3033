"""The page: one HTML file for each of its addresses, and the modules it loads."""

from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response
from starlette.routing import BaseRoute, Mount, Route, compile_path
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

_WEB = Path(__file__).parents[1] / "web"
# Each view has an address of its own, a dashboard the same as in Grafana.
_ADDRESSES = (
    "/",
    "/d/{uid}",
    "/d/{uid}/{slug}",
    "/logs",
    "/traces",
    "/traces/{trace_id}",
    "/map",
    "/explore",
    "/alerts",
    "/status",
)
_VIEWS = tuple(compile_path(address)[0] for address in _ADDRESSES)
HEADERS = {
    # Trusted types make the browser refuse what would turn telemetry into markup.
    "Content-Security-Policy": (
        "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
        "object-src 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    # The browser asks each time and is answered 304: an upgrade is seen at once.
    "Cache-Control": "no-cache",
}


def is_view(path: str) -> bool:
    """Whether the page itself is at this path; nothing is asked of the store there."""
    written = path.rstrip("/") or "/"  # `/logs/` is led to `/logs`
    return any(pattern.match(written) for pattern in _VIEWS)


def routes() -> list[BaseRoute]:
    views = [Route(address, _page) for address in _ADDRESSES]
    return [*views, Mount("/assets", _Assets(directory=_WEB), name="assets")]


def _page(_: Request) -> FileResponse:
    return FileResponse(_WEB / "index.html", headers=HEADERS)


class _Assets(StaticFiles):
    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update(HEADERS)
        return response
