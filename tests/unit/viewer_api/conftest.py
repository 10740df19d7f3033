"""The query APIs over a small store made by hand."""

from collections.abc import Iterator

import pytest
from small_store import SmallStore
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.viewer.api import loki, tempo


@pytest.fixture
def store() -> Iterator[SmallStore]:
    store = SmallStore()
    yield store
    store.close()


@pytest.fixture
def client(store: SmallStore) -> Iterator[TestClient]:
    app = Starlette(routes=[*loki.routes(store), *tempo.routes(store)])
    with TestClient(app) as client:
        yield client
