"""Prometheus' HTTP API, asked as Grafana and promtool ask it."""

from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from promql_memory import MemoryReader, loaded
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.viewer.api.prometheus import routes
from sightline.viewer.api.prometheus_values import number
from sightline.viewer.promql.query import Settings
from sightline.viewer.promql.samples import Exemplar, Matcher, Metadata, Series

SERIES = """
requests{job="b", instance="1"} 0+60x60
requests{job="a", instance="2"} 0+6x60
odd NaN Inf -Inf
"""


@pytest.fixture
def client() -> Iterator[TestClient]:
    reader = MemoryReader(loaded(SERIES, 60_000))
    labels = {"__name__": "requests", "job": "a"}
    reader.held_exemplars = [(labels, [Exemplar({"trace_id": "abc"}, 0.25, 1500)])]
    reader.held_metadata = {"requests": [Metadata("counter", "How many.", "")]}
    app = Starlette(routes=routes(reader, Settings(timeout_seconds=5)))
    with TestClient(app) as made:
        yield made


def ask(client: TestClient, path: str, **params: Any) -> Any:
    answer = client.get(f"/api/v1/{path}", params=params)
    assert answer.status_code == 200, answer.text
    assert answer.json()["status"] == "success"
    return answer.json()["data"]


def refusal(client: TestClient, path: str, **params: Any) -> tuple[int, str, str]:
    answer = client.get(f"/api/v1/{path}", params=params)
    body = answer.json()
    assert body["status"] == "error"
    return answer.status_code, body["errorType"], body["error"]


def test_an_instant_query_gives_a_vector_with_values_as_text(client: TestClient) -> None:
    assert ask(client, "query", query="sum(rate(requests[5m]))", time="600") == {
        "resultType": "vector",
        "result": [{"metric": {}, "value": [600, "1.1"]}],
    }


def test_infinities_and_no_number_are_written_as_prometheus_writes_them(
    client: TestClient,
) -> None:
    written = [
        ask(client, "query", query="odd", time=when)["result"][0]["value"]
        for when in ("0", "60.5", "1970-01-01T00:02:00Z")
    ]
    assert written == [[0, "NaN"], [60.5, "+Inf"], [120, "-Inf"]]


def test_a_scalar_a_string_and_a_range_vector_have_their_own_shapes(client: TestClient) -> None:
    assert ask(client, "query", query="1e3", time="5") == {
        "resultType": "scalar",
        "result": [5, "1000"],
    }
    assert ask(client, "query", query='"text"', time="5")["result"] == [5, "text"]
    samples = ask(client, "query", query='requests{job="a"}[2m]', time="120")
    assert samples["resultType"] == "matrix"
    assert samples["result"][0]["values"] == [[60, "6"], [120, "12"]]


def test_a_range_query_gives_series_in_the_order_of_their_labels(client: TestClient) -> None:
    found = ask(client, "query_range", query="requests", start="0", end="120", step="1m")
    assert found["resultType"] == "matrix"
    assert [each["metric"]["job"] for each in found["result"]] == ["b", "a"]
    assert found["result"][0]["values"] == [[0, "0"], [60, "60"], [120, "120"]]


def test_steps_without_a_value_are_left_out(client: TestClient) -> None:
    found = ask(client, "query_range", query="odd", start="0", end="600", step="200")
    assert found["result"][0]["values"] == [[0, "NaN"], [200, "-Inf"], [400, "-Inf"]]


def test_a_scalar_over_time_is_one_series_without_labels(client: TestClient) -> None:
    found = ask(client, "query_range", query="time()", start="0", end="1", step="0.5")
    assert found["result"] == [{"metric": {}, "values": [[0, "0"], [0.5, "0.5"], [1, "1"]]}]


def test_a_form_may_be_posted(client: TestClient) -> None:
    answer = client.post("/api/v1/query", data={"query": "1 + 1", "time": "3"})
    assert answer.json()["data"]["result"] == [3, "2"]


def test_the_spacing_is_that_of_the_slowest_series_and_of_the_end_of_the_range() -> None:
    minutely = loaded("requests{job='otlp'} 0+1x9", 60_000)
    steady = loaded("requests{job='scraped'} 0+1x100", 5_000)
    # Two runs of one second each say nothing of how often either exports.
    short = loaded("requests{job='batch'} 1 _ _ _ 1", 60_000)
    with TestClient(Starlette(routes=routes(MemoryReader(minutely + steady + short)))) as client:

        def told(query: str, end: int = 540) -> float:
            return float(ask(client, "spacing", query=query, start=0, end=end))

        assert told("sum(rate(requests[1m]))") == 60
        assert told('rate(requests{job="scraped"}[1m]) / rate(requests{job="scraped"}[1m])') == 5
        assert told('rate(requests{job="scraped"}[1m])', end=3_000) == 5
        assert told('requests{job=~"scraped|batch"}') == 5
        assert told("absent_metric + 1") == 0


class CountingReader(MemoryReader):
    asked = 0

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        self.asked += 1
        return super().select(matchers, start_ms, end_ms)


def test_the_spacing_is_asked_once_of_each_selector_and_within_the_limits_of_a_query() -> None:
    reader = CountingReader(loaded("a 1x19\nb 1x19", 60_000))
    with TestClient(Starlette(routes=routes(reader, Settings(max_samples=40)))) as client:

        def told(query: str, **more: str) -> dict[str, Any]:
            given = {"query": query, "start": "0", "end": "1140", **more}
            return dict(client.get("/api/v1/spacing", params=given).json())

        assert told(" + ".join(["a"] * 150))["data"] == 60
        assert reader.asked == 1
        # Sixteen samples of each stand in the stretch that tells.
        assert told("a or b")["data"] == 60
        refused = told('a or b or {__name__=~"a|b"}')
        assert (refused["errorType"], "too many samples" in refused["error"]) == ("execution", True)
        assert told("a or b", timeout="0")["errorType"] == "timeout"


@pytest.mark.parametrize(
    ("path", "params", "status", "kind", "words"),
    [
        ("query", {"query": "sum("}, 400, "bad_data", "1:5: parse error"),
        ("query", {}, 400, "bad_data", "no expression"),
        ("query", {"query": "info(x)"}, 422, "execution", "info()"),
        ("query", {"query": "1", "time": "soon"}, 400, "bad_data", 'cannot parse "soon"'),
        ("query", {"query": "1", "time": "2026-01-01T00:00:00"}, 400, "bad_data", "timestamp"),
        ("query", {"query": "1", "time": "NaN"}, 400, "bad_data", "timestamp"),
        ("query", {"query": "requests", "timeout": "0"}, 503, "timeout", "timed out"),
        ("query", {"query": "1", "limit": "-1"}, 400, "bad_data", "limit"),
        ("query", {"query": "1", "lookback_delta": "0"}, 400, "bad_data", "lookback_delta"),
        ("query_range", {"query": "1", "start": "0", "end": "1"}, 400, "bad_data", '"step"'),
        (
            "query_range",
            {"query": "1", "start": "0", "end": "1", "step": "0"},
            400,
            "bad_data",
            "zero or negative",
        ),
        (
            "query_range",
            {"query": "1", "start": "2", "end": "1", "step": "1"},
            400,
            "bad_data",
            "must not be before",
        ),
        (
            "query_range",
            {"query": "1", "start": "0", "end": "1e6", "step": "1"},
            400,
            "bad_data",
            "11,000",
        ),
        ("series", {}, 400, "bad_data", "no match[] parameter"),
        ("series", {"match[]": "rate(x[5m])"}, 400, "bad_data", "no series selector"),
        ("label/U__x_zz_y/values", {}, 400, "bad_data", "invalid label name"),
    ],
)
def test_a_mistake_is_named_with_the_status_that_prometheus_gives(
    client: TestClient, path: str, params: dict[str, str], status: int, kind: str, words: str
) -> None:
    code, error_type, error = refusal(client, path, **params)
    assert (code, error_type) == (status, kind)
    assert words in error


def test_a_form_larger_than_a_megabyte_is_refused(client: TestClient) -> None:
    answer = client.post("/api/v1/query", data={"query": "x" * (1 << 20)})
    assert (answer.status_code, answer.json()["errorType"]) == (400, "bad_data")


def test_series_labels_and_values_are_listed(client: TestClient) -> None:
    found = ask(client, "series", **{"match[]": "requests"})
    assert found == [
        {"__name__": "requests", "instance": "1", "job": "b"},
        {"__name__": "requests", "instance": "2", "job": "a"},
    ]
    assert ask(client, "labels") == ["__name__", "instance", "job"]
    assert ask(client, "labels", **{"match[]": "odd"}) == ["__name__"]
    assert ask(client, "label/job/values") == ["a", "b"]
    assert ask(client, "label/job/values", **{"match[]": 'requests{instance="1"}'}) == ["b"]
    assert ask(client, "label/job/values", start="99999") == []
    assert ask(client, "label/__name__/values") == ["odd", "requests"]


def test_a_limit_cuts_the_answer_and_says_so(client: TestClient) -> None:
    answer = client.get("/api/v1/query", params={"query": "requests", "time": "0", "limit": "1"})
    assert len(answer.json()["data"]["result"]) == 1
    assert answer.json()["warnings"] == ["results truncated due to limit"]


def test_exemplars_of_every_selector_of_a_query_are_found(client: TestClient) -> None:
    query = 'histogram_quantile(0.9, rate(requests{job="a"}[5m])) + odd'
    assert ask(client, "query_exemplars", query=query, start="0", end="2") == [
        {
            "seriesLabels": {"__name__": "requests", "job": "a"},
            "exemplars": [{"labels": {"trace_id": "abc"}, "value": "0.25", "timestamp": 1.5}],
        }
    ]
    assert ask(client, "query_exemplars", query=query, start="2", end="3") == []


def test_metadata_and_build_are_told(client: TestClient) -> None:
    counter = [{"type": "counter", "help": "How many.", "unit": ""}]
    assert ask(client, "metadata") == {"requests": counter}
    assert ask(client, "metadata", metric="nothing") == {}
    assert ask(client, "status/buildinfo")["version"].startswith("3.")


def test_a_query_is_formatted(client: TestClient) -> None:
    assert ask(client, "format_query", query="a+b") == "a + b"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.1, "0.1"),
        (-0.0, "-0"),
        (1e-5, "0.00001"),
        (1e-7, "1e-07"),
        (1e16, "10000000000000000"),
        (1.5e21, "1.5e+21"),
        (123456789.125, "123456789.125"),
    ],
)
def test_numbers_are_written_with_the_shortest_digits(value: float, text: str) -> None:
    assert number(value) == text
