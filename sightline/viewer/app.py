"""The viewer wired together: the page and the query APIs over one store."""

from collections.abc import Sequence

from starlette.applications import Starlette
from starlette.middleware import Middleware

from sightline.viewer.api import dashboards, loki, page, prometheus, status, tempo
from sightline.viewer.config import Settings
from sightline.viewer.guard import Guard
from sightline.viewer.receive.scrape import Scraper
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Store


def create_app(
    store: Store, tally: Tally, settings: Settings, scrapers: Sequence[Scraper] = ()
) -> Starlette:
    return Starlette(
        routes=[
            *status.routes(status.Status(store, tally, settings, scrapers)),
            *prometheus.routes(store.samples),
            *loki.routes(store),
            *tempo.routes(store),
            *dashboards.routes(),
            *page.routes(),
        ],
        middleware=[Middleware(Guard, allowed_hosts=settings.allowed_hosts)],
    )
