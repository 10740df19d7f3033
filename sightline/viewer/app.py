"""The viewer wired together: the page and the query APIs over one store."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware

from sightline.viewer.access import Access
from sightline.viewer.api import (
    dashboards,
    loki,
    page,
    prometheus,
    rules,
    runbook,
    status,
    targets,
    tempo,
)
from sightline.viewer.config import Settings
from sightline.viewer.guard import Guard
from sightline.viewer.receive.tally import Tally
from sightline.viewer.receive.targets import Targets
from sightline.viewer.rules.group import Group
from sightline.viewer.store import Store


def create_app(
    store: Store,
    tally: Tally,
    settings: Settings,
    scraped: Targets,
    groups: Sequence[Group] = (),
) -> Starlette:
    return Starlette(
        routes=[
            *status.routes(status.Status(store, tally, settings, scraped, groups)),
            *targets.routes(scraped),
            *prometheus.routes(store.samples),
            *rules.routes(groups),
            *runbook.routes(),
            *loki.routes(store),
            *tempo.routes(store),
            *dashboards.routes(settings.dashboards),
            *page.routes(),
        ],
        middleware=_middleware(settings),
    )


def _middleware(settings: Settings) -> list[Middleware]:
    guard = Middleware(
        Guard,
        allowed_hosts=settings.known_hosts,
        by_address=not settings.is_local,
        is_view=page.is_view,
    )
    if not settings.token:
        return [guard]
    return [guard, Middleware(Access, token=settings.token, port=settings.port)]
