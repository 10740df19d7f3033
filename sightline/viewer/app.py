"""The viewer wired together: the page and the query APIs over one store."""

from fastapi import FastAPI

from sightline.viewer.api import loki, tempo
from sightline.viewer.api.status import Status
from sightline.viewer.api.status import router as status_router
from sightline.viewer.config import Settings
from sightline.viewer.guard import Guard
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Store


def create_app(store: Store, tally: Tally, settings: Settings) -> FastAPI:
    app = FastAPI(title="Sightline viewer", docs_url=None, redoc_url=None, openapi_url=None)
    app.include_router(status_router(Status(store, tally, settings)))
    app.include_router(loki.router(store))
    app.include_router(tempo.router(store))
    app.add_middleware(Guard, allowed_hosts=settings.allowed_hosts)
    return app
