"""What Loki's API says there is to ask for."""

from typing import Any

import pytest
from small_store import NOON, SECOND, SmallStore
from starlette.testclient import TestClient

WITHIN = {"start": NOON, "end": NOON + 10 * SECOND}


@pytest.fixture(autouse=True)
def lines(store: SmallStore) -> None:
    orders, payments = store.resource(1, "orders"), store.resource(2, "payments")
    store.log(orders, "order.created", at=1, order__id=7)
    store.log(payments, '{"took":"150ms","a":{"b":1.5}}', at=2)
    store.log(payments, "long ago", at=-7200)


def data(client: TestClient, path: str, **given: Any) -> Any:
    answer = client.get(f"/loki/api/v1/{path}", params={**WITHIN, **given})
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_labels_are_those_of_streams(client: TestClient) -> None:
    expected = ["deployment_environment_name", "service_name", "service_namespace"]
    assert data(client, "labels") == {"status": "success", "data": expected}


def test_values_of_a_label_can_be_narrowed_by_a_query(client: TestClient) -> None:
    assert data(client, "label/service_name/values")["data"] == ["orders", "payments"]
    narrowed = data(client, "label/service_name/values", query='{service_name=~"pay.*"}')
    assert narrowed["data"] == ["payments"]
    assert data(client, "label/unknown/values")["data"] == []


def test_series_are_the_streams_of_the_selectors(client: TestClient) -> None:
    found = data(client, "series", **{"match[]": ['{service_name="orders"}', '{service_name="x"}']})
    assert [stream["service_name"] for stream in found["data"]] == ["orders"]


def test_stats_count_lines_and_bytes(client: TestClient) -> None:
    found = data(client, "index/stats", query='{service_name="orders"}')
    assert found == {"streams": 1, "chunks": 1, "bytes": len("order.created"), "entries": 1}


def test_volume_is_bytes_by_label_largest_first(client: TestClient) -> None:
    found = data(client, "index/volume", query='{service_name=~".+"}')["data"]
    volumes = [(s["metric"]["service_name"], s["value"][1]) for s in found["result"]]
    assert volumes == [("payments", "30"), ("orders", "13")]


def test_volume_over_time_has_a_step(client: TestClient) -> None:
    query = '{service_name="orders"}'
    found = data(client, "index/volume_range", query=query, step="5s")["data"]
    assert found["result"][0]["values"] == [[NOON // SECOND + 5, "13"]]


def test_fields_are_detected_with_type_and_parser(client: TestClient) -> None:
    found = {
        f["label"]: f
        for f in data(client, "detected_fields", query='{service_name=~".+"}')["fields"]
    }
    assert (found["order_id"]["type"], found["order_id"]["parsers"]) == ("int", None)
    assert (found["took"]["type"], found["took"]["parsers"]) == ("duration", ["json"])
    assert (found["a_b"]["type"], found["a_b"]["cardinality"]) == ("float", 1)


def test_the_values_of_a_field_are_those_of_the_lines_that_a_query_finds(
    client: TestClient,
) -> None:
    asked = {"query": '{service_name="payments"}'}
    assert data(client, "detected_field/took/values", **asked)["values"] == ["150ms"]
    assert data(client, "detected_field/absent/values", **asked)["values"] == []


def test_grafana_can_have_labels_apart_from_structured_metadata(client: TestClient) -> None:
    answer = client.get(
        "/loki/api/v1/query_range",
        params={"query": '{service_name="payments"} | json', **WITHIN},
        headers={"X-Loki-Response-Encoding-Flags": "categorize-labels"},
    ).json()["data"]
    assert answer["encodingFlags"] == ["categorize-labels"]
    [stream] = answer["result"]
    assert set(stream["stream"]) == {
        "deployment_environment_name", "service_name", "service_namespace",
    }  # fmt: skip
    [[_, _, categories]] = stream["values"]
    assert categories["structuredMetadata"]["detected_level"] == "info"
    assert categories["parsed"] == {"took": "150ms", "a_b": "1.5"}


def test_the_build_is_a_loki_that_grafana_knows(client: TestClient) -> None:
    assert client.get("/loki/api/v1/status/buildinfo").json()["version"].startswith("3.")
    assert client.get("/ready").text == "ready\n"
