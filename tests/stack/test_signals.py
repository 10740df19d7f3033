"""Every signal of every service arrives in its store, with what the contract says of it."""

import re
import time

import pytest
from stores import Stores, eventually
from system import System
from traffic import Sent, Traffic

SERVICES = ("orders", "payments")
RESOURCE = {
    "service.namespace": "sightline",
    "deployment.environment.name": "development",
}
METRICS = {
    "orders": [
        "http_requests_total",
        "http_request_duration_seconds_count",
        "orders_created_total",
    ],
    "payments": ["http_server_request_duration_seconds_count"],
}


@pytest.fixture(scope="module")
def placed(traffic: Traffic) -> Sent:
    return next(one for one in iter(traffic.checkout, None) if one.status == 201)


def access_lines(stores: Stores, service: str, request_id: str) -> list[dict[str, str]]:
    query = f'{{service_name="{service}"}} |= "http.request" | request_id="{request_id}"'
    return stores.logs(query, time.time() - 600)


@pytest.mark.parametrize("service", SERVICES)
def test_log_lines_arrive_once_with_trace_id_and_resource(
    stores: Stores,
    placed: Sent,
    service: str,
) -> None:
    line = eventually(lambda: access_lines(stores, service, placed.request_id))
    assert len(line) == 1
    assert re.fullmatch("[0-9a-f]{32}", line[0]["trace_id"])
    assert re.fullmatch("[0-9a-f]{16}", line[0]["span_id"])
    assert {key.replace(".", "_"): value for key, value in RESOURCE.items()}.items() <= line[
        0
    ].items()
    assert line[0]["detected_level"] == "info"
    assert line[0]["status"] == "201"


@pytest.mark.parametrize("service", SERVICES)
def test_spans_arrive_with_resource_and_share_one_trace(
    system: System,
    stores: Stores,
    placed: Sent,
    service: str,
) -> None:
    system.require("tempo")
    line = eventually(lambda: access_lines(stores, "orders", placed.request_id))[0]
    spans = eventually(
        lambda: [
            span
            for span in stores.trace(line["trace_id"])
            if span["resource"]["service.name"] == service and span["kind"] == "SPAN_KIND_SERVER"
        ],
    )
    assert len(spans) == 1
    assert spans[0]["resource"].items() >= RESOURCE.items()
    assert spans[0]["resource"]["service.instance.id"]
    assert spans[0]["resource"]["service.version"]


@pytest.mark.parametrize(
    ("service", "metric"),
    [(s, metric) for s in SERVICES for metric in METRICS[s]],
)
def test_metrics_arrive_under_one_pair_of_labels(
    stores: Stores,
    placed: Sent,
    service: str,
    metric: str,
) -> None:
    assert placed
    labels = f'service_name="{service}", deployment_environment_name="development"'
    assert eventually(lambda: stores.number(f"sum({metric}{{{labels}}})")) >= 1


def test_the_steps_of_an_order_are_spans_with_their_attributes(
    system: System,
    stores: Stores,
    placed: Sent,
) -> None:
    system.require("tempo")
    line = eventually(lambda: access_lines(stores, "orders", placed.request_id))[0]
    wanted = {
        "POST /checkout",
        "validate.inventory",
        "payment.process",
        "POST /charges",  # payments' own, sent when payments is ready to
        "notification.send_email",
    }

    def missing() -> set[str]:
        return wanted - {span["name"] for span in stores.trace(line["trace_id"])}

    eventually(lambda: not missing(), what="every step's span")


def test_the_instance_is_no_index_label_of_loki(stores: Stores, placed: Sent) -> None:
    assert placed
    labels = stores.client.get(f"{stores.loki}/loki/api/v1/labels").json()["data"]
    assert set(labels) == {"service_name", "service_namespace", "deployment_environment_name"}


def test_every_target_is_up(system: System, stores: Stores) -> None:
    eventually(lambda: {s["metric"]["job"] for s in stores.promql("up == 1")} == system.scraped)


def test_loki_answers_volume_and_patterns(stores: Stores, placed: Sent) -> None:
    assert placed
    now = time.time()
    given = {"query": '{service_name="orders"}', "start": int(now - 600), "end": int(now)}
    for path in ("index/volume", "patterns"):
        answer = stores.client.get(f"{stores.loki}/loki/api/v1/{path}", params=given)
        assert answer.status_code == 200, answer.text
