"""What must not be kept is gone before any store sees it, in all three signals."""

import json
import time
import uuid
from typing import Any

import pytest
from stores import Stores, eventually
from system import System

CARD = "4111 1111 1111 1111"
AMEX = "378282246310005"
SECRETS = [
    "hunter2",
    "s3cr3t-t0k3n",
    "4111 1111 1111 1111",
    AMEX,
    "c2VjcmV0LXZhbHVl",
    "dXNlcjpwYXNz",
]


def attributes(**values: Any) -> list[dict[str, Any]]:
    return [
        {"key": key.replace("__", "."), "value": {"stringValue": v}} for key, v in values.items()
    ]


LEAKY = attributes(
    password="hunter2",
    http__request__header__authorization="Basic dXNlcjpwYXNz",
    url__full="http://ada:hunter2@example.com/pay?token=s3cr3t-t0k3n&page=2",
    note=f"paid with {CARD}",
    customer__card_number=AMEX,
    kept="order 12345678, charge ch_4c916f45f4c9448f87338d71",
)
TEXT = f"card {AMEX} refused, Authorization: Bearer c2VjcmV0LXZhbHVl, password=hunter2"


@pytest.fixture(scope="module")
def leak(system: System, stores: Stores) -> str:
    """The same secrets in a span, a line and a metric of a service of one's own; its trace id."""
    trace_id, now = uuid.uuid4().hex, time.time_ns()
    resource = {"resource": {"attributes": attributes(service__name="leaky")}}
    span = {
        "traceId": trace_id,
        "spanId": trace_id[:16],
        "name": f"charge {CARD}",
        "kind": 2,
        "startTimeUnixNano": str(now),
        "endTimeUnixNano": str(now + 10**6),
        "attributes": LEAKY,
        "status": {"code": 2, "message": TEXT},
        "events": [
            {
                "name": "exception",
                "timeUnixNano": str(now),
                "attributes": attributes(exception__message=TEXT),
            },
        ],
    }
    line = {
        "timeUnixNano": str(now),
        "traceId": trace_id,
        "body": {"stringValue": TEXT},
        "attributes": LEAKY,
    }
    point = {"timeUnixNano": str(now), "asDouble": 1, "attributes": LEAKY}
    sum_ = {"dataPoints": [point], "aggregationTemporality": 2, "isMonotonic": True}
    bodies = {
        "traces": {"resourceSpans": [{**resource, "scopeSpans": [{"spans": [span]}]}]},
        "logs": {"resourceLogs": [{**resource, "scopeLogs": [{"logRecords": [line]}]}]},
        "metrics": {
            "resourceMetrics": [
                {**resource, "scopeMetrics": [{"metrics": [{"name": "leaky", "sum": sum_}]}]},
            ],
        },
    }
    for signal, body in bodies.items():
        url = f"{system.url('otel-collector', 4318)}/v1/{signal}"
        answer = stores.client.post(url, json=body)
        assert answer.status_code == 200, answer.text
    return trace_id


def assert_clean(found: Any) -> None:
    text = json.dumps(found)
    assert [secret for secret in SECRETS if secret in text] == []
    assert "****" in text
    assert "order 12345678, charge ch_4c916f45f4c9448f87338d71" in text
    assert "page=2" in text


def test_no_secret_is_in_a_log_line(stores: Stores, leak: str) -> None:
    assert_clean(eventually(lambda: stores.logs(f'{{service_name="leaky"}} | trace_id="{leak}"')))


def test_no_secret_is_in_a_span_its_name_events_or_status(
    system: System,
    stores: Stores,
    leak: str,
) -> None:
    system.require("tempo")
    spans = eventually(lambda: stores.trace(leak))
    assert_clean(spans)
    assert spans[0]["name"] == "charge ****"
    assert spans[0]["status"]["message"].startswith("card ****")
    assert "sightline.name" not in json.dumps(spans)


def test_no_secret_is_in_a_metric(stores: Stores, leak: str) -> None:
    assert leak
    assert_clean(
        eventually(lambda: stores.promql('{service_name="leaky", __name__="leaky_total"}')),
    )


def test_what_a_service_does_not_say_of_its_place_is_added(stores: Stores, leak: str) -> None:
    query = (
        '{service_name="leaky", service_namespace="sightline",'
        ' deployment_environment_name="development"}'
    )
    assert eventually(lambda: stores.logs(f'{query} | trace_id="{leak}"'))
