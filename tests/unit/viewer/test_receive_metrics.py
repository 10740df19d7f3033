"""OTLP's metrics as Prometheus names and counts them."""

import json
import time
from typing import Any

import otlp_requests as otlp
import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    Exemplar,
    ExponentialHistogram,
    ExponentialHistogramDataPoint,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    Sum,
    Summary,
    SummaryDataPoint,
)

from sightline.viewer.promql.samples import Matcher
from sightline.viewer.receive import labels as labels_module
from sightline.viewer.receive import metrics as metrics_module
from sightline.viewer.receive.naming import Kind, label_name, metric_name, number
from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Store

DELTA, CUMULATIVE = 1, 2
BOUNDS = [0.1, 1.0, 2.5]


def now(after_seconds: int = 0) -> int:
    return time.time_ns() + 10**9 * (60 + after_seconds)


@pytest.mark.parametrize(
    ("name", "unit", "kind", "expected"),
    [
        ("http.server.request.duration", "s", "histogram", "http_server_request_duration_seconds"),
        ("http.server.duration", "ms", "histogram", "http_server_duration_milliseconds"),
        ("orders.created", "{order}", "counter", "orders_created_total"),
        ("orders_created_total", "1", "counter", "orders_created_total"),
        ("active.checkouts", "", "updown", "active_checkouts"),
        ("active.checkouts", "1", "updown", "active_checkouts"),
        ("cpu.utilization", "1", "gauge", "cpu_utilization_ratio"),
        ("memory.usage", "By", "gauge", "memory_usage_bytes"),
        ("memory_usage_bytes", "By", "gauge", "memory_usage_bytes"),
        ("net.io", "By/s", "gauge", "net_io_bytes_per_second"),
        ("jobs", "{job}/s", "gauge", "jobs_per_second"),
        ("queue..size--now", "", "gauge", "queue_size_now"),
        ("5xx.count", "", "counter", "_5xx_count_total"),
        ("temp", "Cel", "gauge", "temp_celsius"),
        ("total.total", "", "counter", "total"),
        ("odd", "foo bar", "gauge", "odd_foo_bar"),
        ("...", "", "gauge", ""),
    ],
)
def test_names_are_those_of_prometheus_own_receiver(
    name: str, unit: str, kind: Kind, expected: str
) -> None:
    assert metric_name(name, unit, kind) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("http.route", "http_route"),
        ("a..b", "a_b"),
        ("1st", "key_1st"),
        ("_hidden", "key_hidden"),
        ("__meta__", "__meta__"),
        ("weiß", "wei_"),
    ],
)
def test_labels_are_those_of_prometheus_own_receiver(name: str, expected: str) -> None:
    assert label_name(name) == expected


@pytest.mark.parametrize(
    ("value", "text"),
    [(1.0, "1"), (0.005, "0.005"), (1e21, "1" + "0" * 21), (float("inf"), "+Inf"), (-2.5, "-2.5")],
)
def test_bounds_are_written_without_an_exponent(value: float, text: str) -> None:
    assert number(value) == text


async def take(receiver: Receiver, *metrics: Metric) -> Any:
    response: Any = await receiver.receive("metrics", otlp.metrics(*metrics).SerializeToString())
    return response.partial_success


def values(store: Store, name: str, **labels: str) -> dict[str, list[float]]:
    """By `le` or `quantile` where there is one."""
    matchers = [Matcher("__name__", "=", name)]
    matchers += [Matcher(key, "=", value) for key, value in labels.items()]
    return {
        series.labels.get("le", series.labels.get("quantile", "")): series.values.tolist()
        for series in store.samples.select(matchers, 0, 2**60)
    }


def counter(value: int, at: int, temporality: int = CUMULATIVE, **attributes: Any) -> Metric:
    point = NumberDataPoint(as_int=value, time_unix_nano=at, attributes=otlp.pairs(attributes))
    point.exemplars.append(
        Exemplar(as_double=1.5, time_unix_nano=at, trace_id=b"\1" * 16, span_id=b"\2" * 8)
    )
    kind = Sum(data_points=[point], is_monotonic=True, aggregation_temporality=temporality)  # type: ignore[arg-type]
    return Metric(name="orders.created", sum=kind)


@pytest.mark.anyio
async def test_job_instance_and_what_is_promoted_are_labels(
    receiver: Receiver, store: Store
) -> None:
    await take(receiver, counter(3, now(), **{"payment.method": "card", "empty": ""}))
    (series,) = store.samples.select([Matcher("__name__", "=", "orders_created_total")], 0, 2**60)
    assert series.labels == {
        "__name__": "orders_created_total",
        "job": "sightline/orders",
        "instance": "i-1",
        "service_name": "orders",
        "deployment_environment_name": "test",
        "payment_method": "card",
    }
    assert series.values.tolist() == [3.0]


@pytest.mark.anyio
async def test_target_info_carries_the_rest_of_the_resource(
    receiver: Receiver, store: Store
) -> None:
    request = otlp.metrics(counter(1, now()), **{"host.name": "h"})
    await receiver.receive("metrics", request.SerializeToString())
    (series,) = store.samples.select([Matcher("__name__", "=", "target_info")], 0, 2**60)
    assert series.labels == {
        "__name__": "target_info",
        "job": "sightline/orders",
        "instance": "i-1",
        "deployment_environment_name": "test",
        "host_name": "h",
    }


@pytest.mark.anyio
async def test_exemplars_keep_their_trace_and_are_kept_once(
    receiver: Receiver, store: Store
) -> None:
    at = now()
    for sent in range(3):
        metric = counter(sent, at + sent)
        metric.sum.data_points[0].exemplars[0].time_unix_nano = at
        await take(receiver, metric)
    store.flush()
    ((labels, exemplars),) = store.samples.exemplars([], 0, 2**60)
    assert labels["__name__"] == "orders_created_total"
    (exemplar,) = exemplars
    assert exemplar.labels == {"trace_id": "01" * 16, "span_id": "02" * 8}
    assert (exemplar.value, exemplar.ts_ms) == (1.5, at // 1_000_000)


def histogram(counts: list[int], at: int, temporality: int = CUMULATIVE) -> Metric:
    point = HistogramDataPoint(
        count=sum(counts),
        sum=12.5,
        bucket_counts=counts,
        explicit_bounds=BOUNDS,
        time_unix_nano=at,
        exemplars=[Exemplar(as_double=0.7, time_unix_nano=at, trace_id=b"\1" * 16)],
    )
    kind = Histogram(data_points=[point], aggregation_temporality=temporality)  # type: ignore[arg-type]
    return Metric(name="payment.duration", unit="s", histogram=kind)


@pytest.mark.anyio
async def test_a_histogram_is_its_buckets_sum_and_count(receiver: Receiver, store: Store) -> None:
    await take(receiver, histogram([1, 2, 3, 4], now()))
    assert values(store, "payment_duration_seconds_bucket") == {
        "0.1": [1.0],
        "1": [3.0],
        "2.5": [6.0],
        "+Inf": [10.0],
    }
    assert values(store, "payment_duration_seconds_sum") == {"": [12.5]}
    assert values(store, "payment_duration_seconds_count") == {"": [10.0]}
    store.flush()
    ((labels, _),) = store.samples.exemplars([], 0, 2**60)
    assert labels["le"] == "1"


@pytest.mark.anyio
async def test_deltas_add_up_and_a_repeated_one_does_not(receiver: Receiver, store: Store) -> None:
    first, second = now(1), now(2)
    await take(receiver, counter(3, first, DELTA), histogram([1, 0, 0, 1], first, DELTA))
    await take(receiver, counter(3, first, DELTA, unrelated="series"))
    again = await take(receiver, histogram([1, 0, 0, 1], first, DELTA), counter(3, first, DELTA))
    assert not again.rejected_data_points
    await take(receiver, counter(4, second, DELTA), histogram([0, 2, 0, 0], second, DELTA))
    assert values(store, "orders_created_total", unrelated="") == {"": [3.0, 7.0]}
    assert values(store, "payment_duration_seconds_bucket")["1"] == [1.0, 3.0]
    assert values(store, "payment_duration_seconds_count") == {"": [2.0, 4.0]}


def exponential(
    counts: list[int], at: int, *, scale: int = 0, offset: int = 0, temporality: int = CUMULATIVE
) -> Metric:
    point = ExponentialHistogramDataPoint(
        count=sum(counts) + 1, sum=9.0, scale=scale, zero_count=1, time_unix_nano=at
    )
    point.positive.offset = offset
    point.positive.bucket_counts.extend(counts)
    kind = ExponentialHistogram(data_points=[point], aggregation_temporality=temporality)  # type: ignore[arg-type]
    return Metric(name="size", exponential_histogram=kind)


@pytest.mark.anyio
async def test_an_exponential_histogram_becomes_classic_buckets(
    receiver: Receiver, store: Store
) -> None:
    await take(receiver, exponential([2, 0, 5], now()))
    assert values(store, "size_bucket") == {
        "0": [1.0],
        "2": [3.0],
        "4": [3.0],
        "8": [8.0],
        "+Inf": [8.0],
    }


@pytest.mark.anyio
async def test_finer_exponential_buckets_are_merged_onto_lasting_bounds(
    receiver: Receiver, store: Store
) -> None:
    # Scale 4 has sixteen buckets to a doubling, of which four make one of ours.
    await take(receiver, exponential([1] * 32, now(), scale=4))
    found = values(store, "size_bucket")
    assert [found[le] for le in ("0", "2", "4", "+Inf")] == [[1.0], [17.0], [33.0], [33.0]]
    assert len(found) == 10


@pytest.mark.anyio
async def test_exponential_deltas_add_up_though_their_range_moves(
    receiver: Receiver, store: Store
) -> None:
    await take(receiver, exponential([1, 1, 1], now(1), temporality=DELTA))
    await take(receiver, exponential([4], now(2), temporality=DELTA))
    await take(receiver, exponential([1], now(3), offset=4, temporality=DELTA))
    found = values(store, "size_bucket")
    assert found["2"] == [2.0, 7.0, 8.0]
    assert found["8"] == [4.0, 9.0, 10.0]
    assert found["32"] == [11.0]
    assert found["+Inf"] == [4.0, 9.0, 11.0]


@pytest.mark.anyio
async def test_a_summary_is_its_quantiles_sum_and_count(receiver: Receiver, store: Store) -> None:
    point = SummaryDataPoint(count=4, sum=8.0, time_unix_nano=now())
    point.quantile_values.add(quantile=0.5, value=1.5)
    point.quantile_values.add(quantile=0.99, value=3.0)
    await take(receiver, Metric(name="order.value", summary=Summary(data_points=[point])))
    assert values(store, "order_value") == {"0.5": [1.5], "0.99": [3.0]}
    assert values(store, "order_value_sum") == {"": [8.0]}
    assert values(store, "order_value_count") == {"": [4.0]}


@pytest.mark.anyio
async def test_a_point_without_a_value_ends_its_series(receiver: Receiver, store: Store) -> None:
    point = NumberDataPoint(time_unix_nano=now(), flags=1)
    await take(receiver, Metric(name="g", gauge=Gauge(data_points=[point])))
    (series,) = store.samples.select([Matcher("__name__", "=", "g")], 0, 2**60)
    assert series.stale.tolist() == [True]


@pytest.mark.anyio
async def test_metadata_is_kept_and_described_once(receiver: Receiver, store: Store) -> None:
    metric = counter(1, now())
    metric.description = "Orders placed."
    for _ in range(2):
        await take(receiver, metric)
        metric.sum.data_points[0].time_unix_nano += 1
    store.flush()
    (metadata,) = store.samples.metadata()["orders_created_total"]
    assert metadata == ("counter", "Orders placed.", "")
    assert store.query("SELECT count(*) FROM metric_metadata") == [(1,)]


@pytest.mark.anyio
async def test_points_that_cannot_be_placed_are_reported(receiver: Receiver, store: Store) -> None:
    nameless = Metric(name="???", gauge=Gauge(data_points=[NumberDataPoint(time_unix_nano=now())]))
    partial = await take(receiver, counter(1, 0), nameless, counter(2, now()))
    assert partial.rejected_data_points == 2
    assert values(store, "orders_created_total") == {"": [2.0]}


@pytest.mark.anyio
async def test_a_point_far_ahead_of_the_clock_is_refused_and_blocks_nothing(
    receiver: Receiver, store: Store
) -> None:
    ahead = counter(1, now(86_400))
    ahead.sum.data_points[0].exemplars[0].time_unix_nano = 2**64 - 1
    partial = await take(receiver, ahead, histogram([1, 0, 0, 0], 2**64 - 1), counter(2, now()))
    assert partial.rejected_data_points == 2
    assert "s ahead of the viewer's clock" in partial.error_message
    assert values(store, "orders_created_total") == {"": [2.0]}


@pytest.mark.anyio
async def test_a_point_that_is_late_or_the_same_again_is_counted_as_repeated(
    receiver: Receiver, store: Store, tally: Tally
) -> None:
    first, second = now(1), now(2)
    await take(receiver, counter(4, second), histogram([1, 0, 0, 1], second))
    await take(receiver, counter(3, first), histogram([1, 0, 0, 0], second))
    counts = tally.services["metrics", "orders"]
    assert (counts.received, counts.rejected, counts.duplicates) == (4, 0, 2)
    assert values(store, "orders_created_total") == {"": [4.0]}
    assert values(store, "payment_duration_seconds_count") == {"": [2.0]}


@pytest.mark.anyio
async def test_a_metric_with_too_many_label_sets_is_held_back(
    receiver: Receiver, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (labels_module, metrics_module):
        monkeypatch.setattr(module, "MAX_SETS_PER_METRIC", 5)
    many = [counter(1, now(), user=str(number)) for number in range(9)]
    partial = await take(receiver, *many)
    assert partial.rejected_data_points == 4
    assert "orders_created_total has 5 sets of labels" in partial.error_message
    assert store.series.count("orders_created_total") == 5


@pytest.mark.anyio
async def test_labels_that_become_one_share_their_values(receiver: Receiver, store: Store) -> None:
    await take(receiver, counter(1, now(), **{"a.b": "1", "a_b": "2"}))
    store.flush()
    (row,) = store.query("SELECT labels FROM series WHERE name = 'orders_created_total'")
    assert json.loads(row[0])["a_b"] == "1;2"
