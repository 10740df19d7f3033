"""Metric queries over Loki's API."""

from typing import Any

import pytest
from small_store import NOON, SECOND, SmallStore
from starlette.testclient import TestClient


@pytest.fixture(autouse=True)
def lines(store: SmallStore) -> None:
    orders, payments = store.resource(1, "orders"), store.resource(2, "payments")
    for at in (1, 2, 3, 61):
        store.log(orders, "order.created", at=at, currency="EUR")
    store.log(orders, "order.refused", at=62, level="warn", currency="USD")
    store.log(payments, "charge", at=2)
    store.log(payments, '{"ms":3}', at=60)


def instant(client: TestClient, query: str, at: float = 120) -> list[tuple[dict[str, str], float]]:
    moment = NOON + round(at * SECOND)
    answer = client.get("/loki/api/v1/query", params={"query": query, "time": moment})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["resultType"] == "vector"
    result = answer.json()["data"]["result"]
    assert all(sample["value"][0] == moment // SECOND for sample in result)
    return [(sample["metric"], float(sample["value"][1])) for sample in result]


ALL = '{service_name=~".+"}'


def test_a_count_at_one_moment_takes_any_number_of_lines(
    client: TestClient, store: SmallStore
) -> None:
    store.query(
        "INSERT INTO logs SELECT one.* REPLACE (ts + range AS ts, 100 + range AS seq)"
        " FROM (SELECT * FROM logs LIMIT 1) one, range(200_000)"
    )
    assert instant(client, f"sum(count_over_time({ALL}[2m]))") == [({}, 200_007)]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        (f"sum(count_over_time({ALL}[2m]))", [({}, 7)]),
        (
            f"sum by (service_name) (count_over_time({ALL}[2m]))",
            [({"service_name": "orders"}, 5), ({"service_name": "payments"}, 2)],
        ),
        (
            f"sum by (detected_level) (count_over_time({ALL}[59s]))",
            [({"detected_level": "warn"}, 1)],
        ),
        (
            f"sum(count_over_time({ALL}[2m])) by (currency)",
            [({"currency": "EUR"}, 4), ({}, 2), ({"currency": "USD"}, 1)],
        ),
        (f"sum(rate({ALL}[2m]))", [({}, 7 / 120)]),
        (f'sum(bytes_over_time({ALL} |= "charge" [2m]))', [({}, 6)]),
        (f'sum(bytes_rate({ALL} |= "charge" [2m]))', [({}, 6 / 120)]),
        (
            f"topk(1, sum by (service_name) (count_over_time({ALL}[2m])))",
            [({"service_name": "orders"}, 5)],
        ),
        (
            f"bottomk(1, sum by (service_name) (count_over_time({ALL}[2m])))",
            [({"service_name": "payments"}, 2)],
        ),
        (f"max(sum by (service_name) (count_over_time({ALL}[2m])))", [({}, 5)]),
        (f"min(sum by (service_name) (count_over_time({ALL}[2m])))", [({}, 2)]),
        (f"avg(sum by (service_name) (count_over_time({ALL}[2m])))", [({}, 3.5)]),
        (f"count(sum by (service_name) (count_over_time({ALL}[2m])))", [({}, 2)]),
        (f"sum(count_over_time({ALL}[2m])) * 2 + 1", [({}, 15)]),
        (f"1 / sum(count_over_time({ALL}[2m]))", [({}, 1 / 7)]),
        (
            (
                f'sum(count_over_time({ALL} | detected_level="warn" [2m])) '
                f"/ sum(count_over_time({ALL}[2m]))"
            ),
            [({}, 1 / 7)],
        ),
        (
            f"sum by (service_name) (count_over_time({ALL}[2m])) > 2",
            [({"service_name": "orders"}, 5)],
        ),
        (f"sum(count_over_time({ALL}[2m])) > bool 100", [({}, 0)]),
        (f"sum(count_over_time({ALL}[1m] offset 1m))", [({}, 5)]),
        (f'sum by (ms) (count_over_time({ALL} | json | __error__="" [2m]))', [({"ms": "3"}, 1)]),
        (f'sum(count_over_time({ALL} |= "nothing" [2m]))', []),
    ],
)  # fmt: skip
def test_a_metric_query_has_its_value(
    client: TestClient, query: str, expected: list[tuple[dict[str, str], float]]
) -> None:
    found = instant(client, query)
    assert [labels for labels, _ in found] == [labels for labels, _ in expected]
    assert [value for _, value in found] == pytest.approx([value for _, value in expected])


def test_without_a_sum_each_combination_of_labels_is_a_series(client: TestClient) -> None:
    found = instant(client, 'count_over_time({service_name="orders"} | keep currency [2m])')
    assert found == [({"currency": "EUR"}, 4), ({"currency": "USD"}, 1)]
    found = instant(client, 'count_over_time({service_name="orders"} | detected_level="warn" [2m])')
    assert found[0][0]["service_namespace"] == "sightline"
    assert found[0][0]["severity_text"] == "WARN"


def test_without_keeps_all_other_labels(client: TestClient) -> None:
    query = 'sum without (severity_number, severity_text) (count_over_time({service_name="orders"} | keep currency, severity_text [2m]))'  # noqa: E501 — one query
    assert instant(client, query) == [({"currency": "EUR"}, 4), ({"currency": "USD"}, 1)]


def matrix(client: TestClient, query: str, **given: Any) -> list[dict[str, Any]]:
    answer = client.get("/loki/api/v1/query_range", params={"query": query, **given})
    assert answer.status_code == 200, answer.text
    assert answer.json()["data"]["resultType"] == "matrix"
    found: list[dict[str, Any]] = answer.json()["data"]["result"]
    return found


def test_a_range_query_counts_in_windows_open_at_their_start(client: TestClient) -> None:
    begin = NOON // SECOND
    query = 'sum(count_over_time({service_name="orders"}[3s]))'
    [series] = matrix(client, query, start=begin, end=begin + 8, step="2s")
    # At +4 s the window is (1 s, 4 s]: the line at 1 s is out, those at 2 s and 3 s are in.
    assert series["values"] == [[begin + 2, "2"], [begin + 4, "2"]]


def test_steps_stand_at_multiples_of_the_step_as_in_loki(client: TestClient) -> None:
    begin = NOON // SECOND
    assert begin % 7 == 5
    query = 'sum(count_over_time({service_name="orders"}[4s]))'
    [series] = matrix(client, query, start=begin, end=begin + 1, step="7s")
    assert series["values"] == [[begin + 2, "2"]]


def test_steps_and_ranges_need_not_divide_each_other(client: TestClient) -> None:
    begin = NOON // SECOND
    query = 'sum(count_over_time({service_name="orders"}[1500ms]))'
    [series] = matrix(client, query, start=begin, end=begin + 4, step="0.7")
    expected = []
    first = NOON // 700_000_000
    for number in range(first, first + 8):
        moment = (number * 700_000_000 - NOON) / SECOND
        count = sum(1 for at in (1, 2, 3) if moment - 1.5 < at <= moment)
        if count:
            expected.append(str(count))
    assert [value for _, value in series["values"]] == expected


def test_a_query_of_more_series_than_loki_allows_is_refused(
    client: TestClient, store: SmallStore
) -> None:
    for number in range(501):
        store.log(1, "many", at=5, number=number)
    query = 'count_over_time({service_name="orders"} |= "many" [2m])'
    answer = client.get("/loki/api/v1/query", params={"query": query, "time": NOON + 60 * SECOND})
    assert answer.status_code == 400
    assert "maximum number of series (500)" in answer.text


def test_a_line_that_is_no_json_fails_a_metric_query_by_name(client: TestClient) -> None:
    query = f"sum by (ms) (count_over_time({ALL} | json [2m]))"
    answer = client.get("/loki/api/v1/query", params={"query": query, "time": NOON + 60 * SECOND})
    assert answer.status_code == 400
    assert "JSONParserErr" in answer.text


def test_an_instant_log_query_is_refused_as_in_loki(client: TestClient) -> None:
    answer = client.get("/loki/api/v1/query", params={"query": ALL})
    assert answer.status_code == 400
    assert "log queries are not supported as an instant query type" in answer.text


def test_no_label_asked_for_needs_no_parsing(client: TestClient) -> None:
    assert instant(client, f"sum(count_over_time({ALL} | json [2m]))") == [({}, 7)]


def test_a_number_is_a_scalar(client: TestClient) -> None:
    answer = client.get("/loki/api/v1/query", params={"query": "1 + 2 * 3 ^ 2", "time": "5"})
    assert answer.json()["data"] == {"resultType": "scalar", "result": [5, "19"], "stats": {}}
