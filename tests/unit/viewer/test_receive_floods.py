"""A sender that means harm: names, labels and senders without end cost it its own data alone."""

import logging
import time
from typing import Any

import otlp_requests as otlp
import pytest
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from sightline.viewer.log_lines import Formatter
from sightline.viewer.receive import metrics, resources
from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Store
from sightline.viewer.store import store as store_module

pytestmark = pytest.mark.anyio
ESCAPE = "\x1b]0;owned\x07\x1b[2J"


def gauge(name: str, *labels: dict[str, Any], **fields: str) -> Metric:
    made = Metric(name=name, **fields)
    for each in labels or ({},):
        made.gauge.data_points.add(
            time_unix_nano=time.time_ns(), as_int=1, attributes=otlp.pairs(each)
        )
    return made


async def send(receiver: Receiver, *of: Metric, **resource: str) -> Any:
    raw = otlp.metrics(*of, **resource).SerializeToString()
    return (await receiver.receive("metrics", raw)).partial_success  # type: ignore[attr-defined]


async def test_senders_without_end_are_kept_by_their_service_and_then_together(
    receiver: Receiver, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resources, "MOST_STORED", 3)
    monkeypatch.setattr(resources, "MOST_SERVICES", 2)
    for service in ("orders", "payments", "flood-1", "flood-2"):
        for instance in range(3):
            request = otlp.logs(f"{service} {instance}")
            request.resource_logs[0].resource.CopyFrom(
                otlp.resource(**{"service.name": service, "service.instance.id": str(instance)})
            )
            await receiver.receive("logs", request.SerializeToString())
    store.flush()
    found = store.query(
        "SELECT service, count(DISTINCT resource_id) FROM logs GROUP BY 1 ORDER BY 1"
    )
    assert found == [("(other services)", 1), ("orders", 3), ("payments", 1)]
    assert store.query("SELECT count(*) FROM logs") == [(12,)]
    assert store.query("SELECT count(*) FROM resources") == [(5,)]


async def test_a_resource_no_row_is_of_is_forgotten_at_the_next_start(
    tmp_path: Any, tally: Tally, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MANY_RESOURCES", 3)
    first = Store.open(tmp_path)
    receiver = Receiver(first, tally)
    await receiver.receive("logs", otlp.logs("kept").SerializeToString())
    for instance in range(5):
        await send(receiver, gauge("m"), **{"service.instance.id": str(instance)})
    receiver.close()
    first.close()
    second = Store.open(tmp_path)
    assert second.query("SELECT count(*) FROM resources") == [(1,)]
    assert len(second.resources) == 1
    second.close()


async def test_a_huge_name_of_a_service_is_cut(
    receiver: Receiver, store: Store, tally: Tally
) -> None:
    request = otlp.traces()
    request.resource_spans[0].resource.CopyFrom(otlp.resource(**{"service.name": "x" * 5_000_000}))
    await receiver.receive("traces", request.SerializeToString())
    store.flush()
    ((service, attributes),) = store.query("SELECT service, length(attrs) FROM resources")
    assert service == "x" * 256
    assert attributes < 50_000
    assert set(tally.services) == {("traces", service)}


@pytest.mark.parametrize(
    ("metric", "says"),
    [
        (gauge("x" * 2_000), "longer than 1024 characters"),
        (gauge("m", unit="x" * 2_000), "longer than 1024 characters"),
        (gauge("m", {"path": "x" * 20_000}), "the labels of a point of m are longer than 16384"),
        (gauge("m", {f"k{n}": "x" * 100 for n in range(200)}), "longer than 16384"),
    ],
)
async def test_names_and_labels_that_are_too_long_are_rejected_by_name(
    receiver: Receiver, store: Store, metric: Metric, says: str
) -> None:
    partial = await send(receiver, gauge("good"), metric)
    assert partial.rejected_data_points == 1
    assert says in partial.error_message
    store.flush()
    assert store.query("SELECT count(*) FROM series WHERE name = 'good'") == [(1,)]
    assert store.query("SELECT count(*) FROM series WHERE name = 'm'") == [(0,)]


async def test_label_sets_without_end_are_held_back_and_other_services_are_not(
    receiver: Receiver, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MAX_SETS_PER_METRIC", 10)
    labels = [{"user": str(number)} for number in range(15)]
    partial = await send(receiver, gauge("m", *labels), **{"service.name": "noisy"})
    assert partial.rejected_data_points == 5
    assert "too many values" in partial.error_message
    partial = await send(receiver, gauge("m", *labels[:10]), **{"service.name": "quiet"})
    assert partial.rejected_data_points == 0


async def test_series_without_end_are_held_back(
    receiver: Receiver, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(metrics, "MOST_SERIES", 10)
    partial = await send(receiver, *(gauge(f"m{number}") for number in range(30)))
    assert partial.rejected_data_points == 20
    assert "10 series are kept already" in partial.error_message


async def test_descriptions_without_end_are_not_all_kept(
    receiver: Receiver, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store_module, "MOST_DESCRIBED", 3)
    for number in range(20):
        await send(receiver, gauge("m", description=f"text {number}"), gauge(f"m{number}"))
    found = store.samples.metadata()
    assert len(found) == 3
    assert len(found["m"]) == store_module.MOST_DESCRIPTIONS


async def test_what_steers_a_terminal_is_kept_as_data_and_never_printed(
    receiver: Receiver, store: Store
) -> None:
    await receiver.receive("logs", otlp.logs(f"a{ESCAPE}b").SerializeToString())
    store.flush()
    assert store.query("SELECT body FROM logs") == [(f"a{ESCAPE}b",)]
    logger, failed = logging.getLogger("t"), ValueError(f"odd {ESCAPE}\nsecond")
    record = logger.makeRecord(
        "t",
        logging.WARNING,
        "",
        0,
        "of %s",
        (f"{ESCAPE}\nFAKE line",),
        (ValueError, failed, None),
    )
    first, *rest = Formatter("%(levelname)s %(message)s").format(record).split("\n")
    assert first == r"WARNING of \x1b]0;owned\x07\x1b[2J\nFAKE line"
    assert rest == [r"ValueError: odd \x1b]0;owned\x07\x1b[2J", "second"]
