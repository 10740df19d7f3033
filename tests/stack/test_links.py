"""Every link that Grafana builds between the signals leads somewhere: built so, then followed."""

import time
import uuid
from typing import Any

import pytest
from boards import datasource
from covering import covered
from grafana_links import correlated, derived, interpolated
from stores import Stores, eventually
from system import System
from traffic import Ledger

LOKI = datasource("loki")
TO_LOGS = datasource("tempo")["jsonData"]["tracesToLogsV2"]
TO_METRICS = datasource("tempo")["jsonData"]["tracesToMetrics"]
CORRELATIONS = datasource("tempo")["correlations"]
EXEMPLARS = datasource("prometheus")["jsonData"]["exemplarTraceIdDestinations"]

# What carries exemplars: a service that is scraped, one that pushes, and Tempo's generator.
WITH_EXEMPLARS = [
    'http_request_duration_seconds_bucket{service_name="orders"}',
    'http_server_request_duration_seconds_bucket{service_name="payments"}',
    'payment_duration_seconds_bucket{service_name="orders"}',
    'traces_spanmetrics_latency_bucket{service="orders"}',
]


@pytest.fixture(autouse=True)
def _needs_tempo(system: System) -> None:
    system.require("tempo")


@pytest.fixture(scope="module")
def line(ledger: Ledger, stores: Stores) -> dict[str, str]:
    """The access line of an order that was placed."""
    placed = ledger.placed.sent[-1]
    query = f'{{service_name="orders"}} |~ "^http.request$" | request_id="{placed.request_id}"'
    return eventually(lambda: stores.logs(query, placed.at - 60))[0]


@pytest.fixture(scope="module")
def span(line: dict[str, str], stores: Stores) -> dict[str, Any]:
    """The server span of that order."""

    def server_spans() -> list[dict[str, Any]]:
        return [
            span
            for span in stores.trace(line["trace_id"])
            if span["name"] == "POST /checkout" and span["kind"] == "SPAN_KIND_SERVER"
        ]

    return eventually(server_spans)[0]


@covered("links")
def test_a_line_leads_to_its_trace(stores: Stores, line: dict[str, str]) -> None:
    assert eventually(lambda: stores.trace(derived(LOKI, "Trace", line)))


@pytest.mark.parametrize(
    "text",
    [
        "charge refused trace_id={id}",
        '{{"event": "charge.refused", "traceId": "{id}"}}',
        "traceparent: 00-{id}-00f067aa0ba902b7-01",
    ],
    ids=["key=value", "json", "traceparent"],
)
@covered("links")
def test_a_plain_line_leads_to_the_trace_it_spells_out(
    system: System,
    stores: Stores,
    line: dict[str, str],
    text: str,
) -> None:
    service = f"plain-{uuid.uuid4().hex[:8]}"
    record = {
        "timeUnixNano": str(time.time_ns()),
        "body": {"stringValue": text.format(id=line["trace_id"])},
    }
    resource = {"attributes": [{"key": "service.name", "value": {"stringValue": service}}]}
    body = {"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": [record]}]}]}
    url = f"{system.url('otel-collector', 4318)}/v1/logs"
    assert stores.client.post(url, json=body).status_code == 200
    kept = eventually(lambda: stores.logs(f'{{service_name="{service}"}}'))[0]
    assert stores.trace(derived(LOKI, "Trace in the line", kept))


@covered("links")
def test_a_span_leads_to_the_lines_of_its_service_and_trace(
    stores: Stores,
    line: dict[str, str],
    span: dict[str, Any],
) -> None:
    query = interpolated(TO_LOGS["query"], TO_LOGS, span, line["trace_id"])
    start = int(span["startTimeUnixNano"]) / 1e9 - 300

    def lines() -> list[dict[str, Any]]:
        found = stores.logs(query, start, start + 600)
        return found if wanted <= {one["line"] for one in found} else []

    wanted = {"order.created", "http.request"}
    found = eventually(lines)
    assert {one["trace_id"] for one in found} == {line["trace_id"]}


@pytest.mark.parametrize("link", CORRELATIONS, ids=lambda link: link["label"])
@covered("links")
def test_a_correlation_of_a_span_leads_to_lines(
    stores: Stores,
    line: dict[str, str],
    span: dict[str, Any],
    link: dict[str, Any],
) -> None:
    query = correlated(link, span, line["trace_id"])
    wanted = {"orders", "payments"} if link["config"]["field"] == "traceID" else {"orders"}
    start = int(span["startTimeUnixNano"]) / 1e9 - 60

    def services() -> set[str]:
        return {one["service_name"] for one in stores.logs(query, start)}

    eventually(lambda: services() == wanted, what=f"lines of {wanted}")


@pytest.mark.parametrize("query", TO_METRICS["queries"], ids=lambda query: query["name"])
@covered("links")
def test_a_span_leads_to_the_metrics_of_its_operation(
    stores: Stores,
    line: dict[str, str],
    span: dict[str, Any],
    query: dict[str, str],
) -> None:
    asked = interpolated(query["query"], TO_METRICS, span, line["trace_id"])
    found = eventually(lambda: stores.promql(asked), what=asked)
    assert all(float(one["value"][1]) >= 0 for one in found)


@pytest.mark.parametrize("metric", WITH_EXEMPLARS)
@covered("links")
def test_an_exemplar_leads_to_its_trace(ledger: Ledger, stores: Stores, metric: str) -> None:
    start, end = ledger.sent[0].at, ledger.sent[-1].at + 30
    exemplars = eventually(lambda: stores.exemplars(metric, start, end), what=metric)
    names = {destination["name"] for destination in EXEMPLARS}
    ids = {exemplar["labels"].get(name) for exemplar in exemplars for name in names} - {None}
    assert len(ids) > 1
    assert all(stores.trace(trace_id) for trace_id in ids if trace_id)
