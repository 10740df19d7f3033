"""A panel that is empty has a good reason, or a cause that is named."""

import json
from typing import Any

import pytest
from doctors import Serve, patient

from sightline.proof.doctor.findings import Broken, Unchecked
from sightline.proof.doctor.page import Page
from sightline.proof.doctor.panels import panels


def answer(result: list[Any]) -> tuple[int, str]:
    return 200, json.dumps(
        {"status": "success", "data": {"resultType": "vector", "result": result}}
    )


def board(text: str, language: str = "prometheus") -> dict[str, Any]:
    target = {"expr": text, "datasource": {"type": language, "uid": language}}
    return {"title": "Board", "panels": [{"title": "Panel", "targets": [target]}]}


EMPTY = {
    "/api/v1/query": answer([]),
    "/api/v1/query_range": answer([]),
    "/loki/api/v1/query_range": answer([]),
    "/api/search": (200, json.dumps({"traces": []})),
    "/api/v1/rules": (200, json.dumps({"status": "success", "data": {"groups": []}})),
}


def judged(serve: Serve, text: str, language: str = "prometheus", page: str = "") -> str:
    """What is said of a panel whose every query answers with nothing."""
    asked = patient(serve(EMPTY))
    asked.boards = [board(text, language)]
    asked.page = Page(page)
    return panels(asked)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("rate(loki_discarded_samples_total[1m])", "count failures, and nothing failed"),
        ("rate(otelcol_exporter_send_failed_spans_total[1m])", "count failures"),
        ('orders_created_total{service_name="$service"}', "metrics that this service has not"),
        ("traces_spanmetrics_calls_total", "wait for Tempo's metrics generator"),
    ],
)
def test_a_good_reason_is_counted_and_nothing_more(serve: Serve, text: str, reason: str) -> None:
    said = judged(serve, text)
    assert said.startswith("0 of 1 queries show data")
    assert reason in said


@pytest.mark.parametrize(
    ("text", "page", "cause"),
    [
        ("otelcol_receiver_accepted_spans_total", "", "otel-collector is in no list of targets"),
        ("service:slo_requests:rate5m", "", "Prometheus has no rule service:slo_requests:rate5m"),
        ("orders_total", "orders_total 3", "orders_total is on /metrics, and not in the store"),
    ],
)
def test_an_empty_panel_without_a_good_reason_is_named(
    serve: Serve, text: str, page: str, cause: str
) -> None:
    with pytest.raises(Broken) as raised:
        judged(serve, text, page=page)
    assert raised.value.found == "Board: Panel is empty"
    assert cause in raised.value.cause


def test_searches_for_what_failed_may_find_nothing(serve: Serve) -> None:
    assert "nothing slow or failed" in judged(serve, "{ status = error }", "tempo")
    with pytest.raises(Broken, match="Panel is empty"):
        judged(serve, "{ }", "tempo")


def test_lines_must_be_found(serve: Serve) -> None:
    with pytest.raises(Broken, match="Panel is empty"):
        judged(serve, '{service_name="$service"}', "loki")


def test_without_dashboards_there_is_nothing_to_ask() -> None:
    with pytest.raises(Unchecked):
        panels(patient())
