"""A database that runs out of time or memory: every query API says so, and names the remedy."""

from collections.abc import Iterator
from typing import Any, NoReturn

import duckdb
import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.viewer.api import loki, prometheus, status, tempo
from sightline.viewer.config import Settings
from sightline.viewer.receive.tally import Tally
from sightline.viewer.receive.targets import Targets
from sightline.viewer.store import Batch, Store
from sightline.viewer.store.reader import QueryTimeout, Reader
from sightline.viewer.store.samples import StoredSamples
from sightline.viewer.store.tail import Tail

LATE = QueryTimeout("the query took longer than 10 s; choose a shorter time range")
FULL = duckdb.OutOfMemoryException("failed to allocate data of size 32.0 MiB")
HOUR = {"start": "1000", "end": "4600"}
TRACE = "0af7651916cd43dd8448eb211c80319c"


class Overwhelmed(Reader):
    """Fails as the database does."""

    def __init__(self, error: Exception) -> None:
        self.tail = Tail()
        self._error = error

    def query(self, *_: object) -> NoReturn:
        raise self._error

    arrays = query

    def flush(self, _timeout: float) -> None:
        """Nothing waits to be stored."""


def status_over(reader: Overwhelmed) -> status.Status:
    return status.Status(reader, Tally(), Settings(), Targets(lambda _: None))  # type: ignore[arg-type, return-value] # nothing but the query is asked for


@pytest.fixture
def clients(store: Store) -> Iterator[dict[Exception, TestClient]]:
    batch = Batch()
    batch.points.add(store.new_series(batch, "up", {"job": "orders"}), store.head.start_ms, 1.0)
    store.new_series(batch, "old", {})  # whose samples, if any, are in the database
    store.append(batch)
    made = {}
    for error in (LATE, FULL):
        reader = Overwhelmed(error)
        samples = StoredSamples(store.series, store.head, reader, {})
        routes = [*prometheus.routes(samples), *loki.routes(reader), *tempo.routes(reader)]
        routes += status.routes(status_over(reader))
        made[error] = TestClient(Starlette(routes=routes))
    yield made
    for client in made.values():
        client.close()


@pytest.mark.parametrize("error", [LATE, FULL], ids=["late", "full"])
@pytest.mark.parametrize(
    ("path", "given"),
    [
        ("query", {"query": "up", "time": "1000"}),
        ("query_range", {"query": "rate(up[5m])", "step": "60", **HOUR}),
        ("query_exemplars", {"query": "up", **HOUR}),
        ("series", {"match[]": "up", **HOUR}),
        ("labels", HOUR),
        ("labels", {}),
        ("label/job/values", {"match[]": "up", **HOUR}),
    ],
)
def test_prometheus_api_says_what_helps(
    clients: dict[Exception, TestClient], error: Exception, path: str, given: dict[str, str]
) -> None:
    answer = clients[error].get(f"/api/v1/{path}", params=given)
    expected = (503, "timeout") if error is LATE else (422, "execution")
    assert (answer.status_code, answer.json()["errorType"]) == expected
    assert "choose a shorter time range" in answer.json()["error"]


@pytest.mark.parametrize("error", [LATE, FULL], ids=["late", "full"])
@pytest.mark.parametrize(
    "path",
    [
        '/loki/api/v1/query_range?query={service_name="a"}',
        '/loki/api/v1/query?query=sum(rate({service_name="a"}[1m]))',
        "/loki/api/v1/labels",
        "/loki/api/v1/label/service_name/values",
        '/loki/api/v1/series?match[]={service_name="a"}',
        '/loki/api/v1/index/stats?query={service_name="a"}',
        '/loki/api/v1/index/volume?query={service_name="a"}',
        '/loki/api/v1/index/volume_range?query={service_name="a"}',
        '/loki/api/v1/detected_fields?query={service_name="a"}',
        "/api/search?q={}",
        "/api/search/tags",
        "/api/v2/search/tags",
        "/api/search/tag/service.name/values",
        "/api/v2/search/tag/resource.service.name/values",
        f"/api/traces/{TRACE}",
        f"/api/v2/traces/{TRACE}",
        "/api/service-map",
        "/api/status",
    ],
)
def test_the_other_apis_say_what_helps(
    clients: dict[Exception, TestClient], error: Exception, path: str
) -> None:
    answer: Any = clients[error].get(path)
    assert answer.status_code == (504 if error is LATE else 503), answer.text
    assert "choose a shorter time range" in answer.text
