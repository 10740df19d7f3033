"""The viewer wired together: the page and the query APIs over one store."""

from collections.abc import Sequence

from fastapi import FastAPI

from sightline.viewer.api import dashboards, loki, prometheus, status, tempo
from sightline.viewer.api.page import mount_page
from sightline.viewer.config import Settings
from sightline.viewer.guard import Guard
from sightline.viewer.receive.scrape import Scraper
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Store


def create_app(
    store: Store, tally: Tally, settings: Settings, scrapers: Sequence[Scraper] = ()
) -> FastAPI:
    app = FastAPI(title="Sightline viewer", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(status.router(status.Status(store, tally, settings, scrapers)))
    app.include_router(prometheus.router(store.samples))
    app.include_router(loki.router(store))
    app.include_router(tempo.router(store))
    app.include_router(dashboards.router())
    mount_page(app)
    app.add_middleware(Guard, allowed_hosts=settings.allowed_hosts)
    return app
