"""What every panel shows of steady traffic is what was sent, within a window's edge."""

import math
import re

import pytest
from boards import (
    WINDOW_SECONDS,
    Query,
    annotation_queries,
    fill,
    legend,
    panel_queries,
    rules,
    variable_queries,
)
from covering import covered
from expectations import EXPECTED, Shown
from stores import Stores
from system import System
from traffic import Ledger
from truth import Figures, Truth, recent, seconds

METRIC = [query for query in panel_queries() if query.datasource == "prometheus"]
LOG = [query for query in panel_queries() if query.datasource == "loki"]
TRACE = [query for query in panel_queries() if query.datasource == "tempo" and query.text]
FROM_TRACES = re.compile(r"\b(traces_|tempo_)")


@pytest.fixture(scope="module")
def truth(ledger: Ledger, stores: Stores, system: System) -> Truth:
    return Truth(ledger, stores, system, max(one.at for one in ledger.sent) - 2)


def shown(truth: Truth, query: Query, service: str) -> Figures:
    found = truth.stores.promql(query.filled(service), truth.at)
    return {legend(query.legend, one["metric"]): float(one["value"][1]) for one in found}


def assert_shown(figures: Figures, expected: Shown) -> None:
    """Every expected figure is there; whatever else there is counts nothing."""
    if "" in expected.figures or "" in expected.bounds:
        assert len(figures) == 1
        figures = {"": next(iter(figures.values()))}
    for name, figure in expected.figures.items():
        assert figures[name] == pytest.approx(figure, rel=0.2, abs=expected.within), name
    for name, (low, high) in expected.bounds.items():
        assert low <= figures[name] <= high, name
    others = set(figures) - set(expected.figures) - set(expected.bounds)
    counted = [name for name in others if not _nothing(figures[name])]
    assert [name for name in counted if not ASIDE.fullmatch(name)] == []


# Shown beside what the ledger knows: the database, its statements, the client's own spans.
ASIDE = re.compile(
    r"orders → (127[.]0[.]0[.]1|postgres)"
    r"|(SELECT|INSERT|UPDATE|DELETE)( \w+)?|connect|POST|GET"
    r"|validate[.]inventory|payment[.]process|notification[.]send_email"
)


def _nothing(figure: float) -> bool:
    return math.isnan(figure) or figure == 0


def test_every_metric_query_of_every_panel_has_its_truth() -> None:
    assert {str(query) for query in METRIC} == set(EXPECTED)


@pytest.mark.parametrize("query", METRIC, ids=str)
@covered("panel queries")
def test_a_panel_shows_what_was_sent(truth: Truth, query: Query) -> None:
    if FROM_TRACES.search(query.text):
        truth.system.require("tempo")
    assert_shown(shown(truth, query, "orders"), EXPECTED[str(query)](truth))


@pytest.mark.parametrize("panel", ["Requests per second", "Requests per handler"])
def test_a_service_that_pushes_shows_the_charges_it_was_asked_for(truth: Truth, panel: str) -> None:
    charges = len(truth.window.charged) / WINDOW_SECONDS
    for query in METRIC:
        if (query.board, query.panel) == ("service", panel):
            figures = shown(truth, query, "payments")
            assert max(figures.values()) == pytest.approx(charges, rel=0.2)
            assert set(figures) - {"requests"} <= {"/charges", "none"}


@pytest.mark.parametrize("query", LOG, ids=str)
@covered("panel queries")
def test_a_log_panel_shows_the_line_of_every_request(truth: Truth, query: Query) -> None:
    lines = truth.stores.logs(query.filled("orders"), truth.at - WINDOW_SECONDS - 5, truth.at + 5)
    sent = {one.request_id for one in truth.window.sent}
    assert sent <= {line.get("request_id") for line in lines}


@pytest.mark.parametrize("query", TRACE, ids=str)
@covered("panel queries")
def test_a_trace_panel_finds_the_traces_it_names(truth: Truth, query: Query) -> None:
    truth.system.require("tempo")
    found = truth.stores.search(
        query.filled("orders"),
        truth.at - WINDOW_SECONDS,
        truth.at,
        limit=1000,
    )
    window = recent(truth.lines, truth.at)
    failed = len(truth.window.failed) + len(truth.window.charged) - len(truth.window.placed)
    expected = {
        "Traces that failed": failed,
        "Traces slower than 0.5 s": len([line for line in window if seconds(line) > 0.5]),
        "Latest traces": len(truth.window),
    }[query.panel]
    assert len(found) == pytest.approx(expected, rel=0.15, abs=4)


def test_the_service_map_knows_who_calls_whom(truth: Truth) -> None:
    """The panel without a query: Grafana draws it from the service graph's counters."""
    truth.system.require("tempo")
    found = truth.stores.promql("sum by (client, server) (traces_service_graph_request_total)")
    edges = {(one["metric"]["client"], one["metric"]["server"]) for one in found}
    assert {("user", "orders"), ("orders", "payments")} <= edges


@pytest.mark.parametrize("query", variable_queries())
@covered("variables")
def test_a_variable_lists_the_services_and_environments(truth: Truth, query: str) -> None:
    match = re.fullmatch(r"label_values\((.+), (\w+)\)", query)
    assert match
    selector, label = fill(match[1], {"$service": "orders"}), match[2]
    url = f"{truth.stores.prometheus}/api/v1/label/{label}/values"
    listed = truth.stores.client.get(url, params={"match[]": selector}).json()["data"]
    wanted = {
        "service_name": {"orders", "payments"},
        "deployment_environment_name": {"development"},
    }
    assert set(listed) == wanted[label]


@pytest.mark.parametrize("query", sorted(set(annotation_queries())))
@covered("annotations")
def test_an_annotation_query_runs(truth: Truth, query: str) -> None:
    start = truth.at - 300
    assert truth.stores.promql_range(fill(query, {"$service": "orders"}), start, truth.at, 5)


# The Collector has no counter of failures before the first; test_alerts.py makes one.
ONLY_AFTER_A_FAILURE = {"exporter:otelcol_exporter_send_failed:rate5m"}
RECORDED = [r for r in rules() if r.get("record") not in {None, *ONLY_AFTER_A_FAILURE}]


@pytest.mark.parametrize(
    "rule", RECORDED, ids=lambda r: " ".join([r["record"], *r.get("labels", {}).values()])
)
@covered("recording rules")
def test_a_recording_rule_records(truth: Truth, rule: dict[str, str]) -> None:
    if not truth.stores.promql(rule["expr"], truth.at):
        pytest.fail(f"{rule['record']} has nothing to record in steady traffic")
    assert truth.stores.promql(rule["record"], truth.at)


def test_no_rule_fails_to_evaluate(truth: Truth) -> None:
    found = truth.stores.client.get(f"{truth.stores.prometheus}/api/v1/rules").json()["data"]
    health = {rule["name"]: rule["health"] for group in found["groups"] for rule in group["rules"]}
    assert set(health.values()) == {"ok"}, health
