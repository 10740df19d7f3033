"""The query APIs over a small store made by hand."""

from collections.abc import Iterator

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from small_store import SmallStore

from sightline.viewer.api import loki, tempo


@pytest.fixture
def store() -> Iterator[SmallStore]:
    store = SmallStore()
    yield store
    store.close()


@pytest.fixture
def client(store: SmallStore) -> Iterator[TestClient]:
    app = FastAPI()
    app.include_router(loki.router(store))
    app.include_router(tempo.router(store))
    with TestClient(app) as client:
        yield client
