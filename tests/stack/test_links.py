"""Every link that Grafana builds between the signals leads somewhere: built so, then followed."""

import re
import time
import uuid
from typing import Any

import pytest
from boards import datasource, fill
from covering import covered
from stores import Stores, eventually
from system import System
from traffic import Ledger

FIELDS = datasource("loki")["jsonData"]["derivedFields"]
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
    return stores.logs(query, placed.at - 60)[0]


@pytest.fixture(scope="module")
def span(line: dict[str, str], stores: Stores) -> dict[str, Any]:
    """The server span of that order."""
    return next(
        span
        for span in stores.trace(line["trace_id"])
        if span["name"] == "POST /checkout" and span["kind"] == "SPAN_KIND_SERVER"
    )


def derived(name: str, line: dict[str, str]) -> str:
    """The value that Grafana's Loki data source puts into the link of a derived field."""
    field = next(field for field in FIELDS if field["name"] == name)
    assert field["url"] == "${__value.raw}"
    if field["matcherType"] == "label":
        return next(line[key] for key in line if re.search(field["matcherRegex"], key))
    match = re.search(field["matcherRegex"], line["line"])
    assert match, f"{field['matcherRegex']} finds nothing in {line['line']}"
    return match[1]


def tags(link: dict[str, Any], span: dict[str, Any]) -> str:
    """Grafana's `${__tags}`: a matcher for each tag that the span's resource has."""
    pairs = [(tag.get("value") or tag["key"], tag["key"]) for tag in link["tags"]]
    known = [(label, span["resource"].get(key)) for label, key in pairs]
    return ", ".join(f'{label}="{value}"' for label, value in known if value)


def interpolated(query: str, link: dict[str, Any], span: dict[str, Any], trace_id: str) -> str:
    values = {
        "${__tags}": tags(link, span),
        "$__tags": f"{{{tags(link, span)}}}" if "{$__tags" not in query else tags(link, span),
        "${__trace.traceId}": trace_id,
        "${__span.name}": span["name"],
        "$__rate_interval": "10m",
    }
    return fill(query, values)


@covered("links")
def test_a_line_leads_to_its_trace(stores: Stores, line: dict[str, str]) -> None:
    assert stores.trace(derived("Trace", line))


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
    assert stores.trace(derived("Trace in the line", kept))


@covered("links")
def test_a_span_leads_to_the_lines_of_its_service_and_trace(
    stores: Stores,
    line: dict[str, str],
    span: dict[str, Any],
) -> None:
    query = interpolated(TO_LOGS["query"], TO_LOGS, span, line["trace_id"])
    start = int(span["startTimeUnixNano"]) / 1e9 - 300
    found = stores.logs(query, start, start + 600)
    assert {"order.created", "http.request"} <= {one["line"] for one in found}
    assert {one["trace_id"] for one in found} == {line["trace_id"]}


@pytest.mark.parametrize("link", CORRELATIONS, ids=lambda link: link["label"])
@covered("links")
def test_a_correlation_of_a_span_leads_to_lines(
    stores: Stores,
    line: dict[str, str],
    span: dict[str, Any],
    link: dict[str, Any],
) -> None:
    field = link["config"]["field"]
    value = {"traceID": line["trace_id"], "serviceName": span["resource"]["service.name"]}[field]
    query = link["config"]["target"]["expr"].replace(f"${{{field}}}", value)
    found = stores.logs(query, int(span["startTimeUnixNano"]) / 1e9 - 60)
    services = {one["service_name"] for one in found}
    assert services == ({"orders", "payments"} if field == "traceID" else {"orders"})


@pytest.mark.parametrize("query", TO_METRICS["queries"], ids=lambda query: query["name"])
@covered("links")
def test_a_span_leads_to_the_metrics_of_its_operation(
    stores: Stores,
    line: dict[str, str],
    span: dict[str, Any],
    query: dict[str, str],
) -> None:
    asked = interpolated(query["query"], TO_METRICS, span, line["trace_id"])
    found = stores.promql(asked)
    assert found, asked
    assert all(float(one["value"][1]) >= 0 for one in found)


@pytest.mark.parametrize("metric", WITH_EXEMPLARS)
@covered("links")
def test_an_exemplar_leads_to_its_trace(ledger: Ledger, stores: Stores, metric: str) -> None:
    start, end = ledger.sent[0].at, ledger.sent[-1].at + 30
    exemplars = stores.exemplars(metric, start, end)
    assert exemplars, metric
    names = {destination["name"] for destination in EXEMPLARS}
    ids = {exemplar["labels"].get(name) for exemplar in exemplars for name in names} - {None}
    assert len(ids) > 1
    assert all(stores.trace(trace_id) for trace_id in ids if trace_id)
