"""Jaeger in Tempo's place, by one setting: every link between the signals still leads somewhere."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest
from boards import datasource
from covering import covered
from drawn import draw_up
from grafana_links import correlated, derived, interpolated
from servers import RELEASES, program
from stores import Stores, eventually
from system import System
from traffic import Sent, Traffic

LOKI = datasource("loki", "jaeger")
EXEMPLARS = datasource("prometheus", "jaeger")["jsonData"]["exemplarTraceIdDestinations"]
OURS = datasource("jaeger", "jaeger")
TO_LOGS, TO_METRICS = OURS["jsonData"]["tracesToLogsV2"], OURS["jsonData"]["tracesToMetrics"]


@dataclass(frozen=True)
class Jaeger:
    """The stack with it, and an order that was placed."""

    system: System
    url: str
    stores: Stores
    placed: Sent
    line: dict[str, str]

    def trace(self, trace_id: str) -> list[dict[str, Any]]:
        """The spans of a trace as Grafana's Jaeger data source asks for them."""
        answer = self.stores.client.get(f"{self.url}/api/traces/{trace_id}")
        if answer.status_code == 404:
            return []
        assert answer.status_code == 200, answer.text
        [found] = answer.json()["data"]
        return [
            {
                "name": span["operationName"],
                "kind": next(tag["value"] for tag in span["tags"] if tag["key"] == "span.kind"),
                "resource": _resource(found["processes"][span["processID"]]),
            }
            for span in found["spans"]
        ]

    def server_span(self, service: str) -> dict[str, Any]:
        def found() -> list[dict[str, Any]]:
            return [
                span
                for span in self.trace(self.line["trace_id"])
                if span["kind"] == "server" and span["resource"]["service.name"] == service
            ]

        return eventually(found, what=f"the server span of {service}")[0]


def _resource(process: dict[str, Any]) -> dict[str, Any]:
    return {tag["key"]: tag["value"] for tag in process["tags"]} | {
        "service.name": process["serviceName"]
    }


@pytest.fixture(scope="module")
def jaeger(
    servers: None, client: httpx2.Client, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Jaeger]:
    if not program("jaeger"):
        pytest.skip(f"jaeger is not here. {RELEASES['jaeger'].remedy}")
    system = System(tmp_path_factory.mktemp("jaeger"), {"TRACE_STORE": "jaeger"})
    try:
        system.start()
        traffic = Traffic(system.url("orders"), client)
        stores = Stores(system.url("prometheus"), system.url("loki"), "", client)
        traffic.steady(15)
        placed = traffic.ledger.placed.sent[-1]
        query = f'{{service_name="orders"}} |~ "^http.request$" | request_id="{placed.request_id}"'
        line = eventually(lambda: stores.logs(query, placed.at - 60))[0]
        yield Jaeger(system, system.url("jaeger"), stores, placed, line)
    finally:
        system.stop()


@covered("links with Jaeger")
def test_a_line_leads_to_its_trace_in_jaeger(jaeger: Jaeger) -> None:
    found = derived(LOKI, "Trace", jaeger.line)
    services = {"orders", "payments"}
    eventually(lambda: {s["resource"]["service.name"] for s in jaeger.trace(found)} == services)


@covered("links with Jaeger")
def test_a_span_of_jaeger_leads_to_the_lines_of_its_service_and_trace(jaeger: Jaeger) -> None:
    span = jaeger.server_span("payments")
    query = interpolated(TO_LOGS["query"], TO_LOGS, span, jaeger.line["trace_id"])
    found = eventually(lambda: jaeger.stores.logs(query, jaeger.placed.at - 300))
    assert {line["service_name"] for line in found} == {"payments"}
    assert {line["trace_id"] for line in found} == {jaeger.line["trace_id"]}


@pytest.mark.parametrize("link", OURS["correlations"], ids=lambda link: link["label"])
@covered("links with Jaeger")
def test_a_correlation_of_a_span_of_jaeger_leads_to_lines(
    jaeger: Jaeger, link: dict[str, Any]
) -> None:
    query = correlated(link, jaeger.server_span("orders"), jaeger.line["trace_id"])
    wanted = {"orders", "payments"} if link["config"]["field"] == "traceID" else {"orders"}
    first = jaeger.placed.at - 60
    eventually(lambda: {o["service_name"] for o in jaeger.stores.logs(query, first)} == wanted)


@pytest.mark.parametrize("query", TO_METRICS["queries"], ids=lambda query: query["name"])
@covered("links with Jaeger")
def test_a_span_of_jaeger_leads_to_the_metrics_of_its_service(
    jaeger: Jaeger, query: dict[str, str]
) -> None:
    span = jaeger.server_span("orders")
    asked = interpolated(query["query"], TO_METRICS, span, jaeger.line["trace_id"])
    found = eventually(lambda: jaeger.stores.promql(asked), 60, asked)
    assert all(float(one["value"][1]) >= 0 for one in found)


@covered("links with Jaeger")
def test_an_exemplar_leads_to_its_trace_in_jaeger(jaeger: Jaeger) -> None:
    metric, start = 'http_request_duration_seconds_bucket{service_name="orders"}', jaeger.placed.at
    found = eventually(lambda: jaeger.stores.exemplars(metric, start - 60, start + 60))
    assert {link["datasourceUid"] for link in EXEMPLARS} == {"jaeger"}
    ids = {one["labels"][link["name"]] for one in found for link in EXEMPLARS}
    eventually(lambda: all(jaeger.trace(trace_id) for trace_id in ids))


def test_the_ledger_of_a_run_counts_the_spans_in_jaeger(jaeger: Jaeger, tmp_path: Path) -> None:
    drawn = draw_up(jaeger.system, tmp_path, 6)
    assert drawn.code == 0, drawn.output
    for service in ("orders", "payments"):
        assert drawn.total(service, "spans") == drawn.total(service, "answered") > 0


def test_prometheus_scrapes_jaeger_in_place_of_tempo(jaeger: Jaeger) -> None:
    eventually(lambda: jaeger.stores.promql('up{job="jaeger"} == 1'))
    assert not jaeger.stores.promql('up{job="tempo"}')
