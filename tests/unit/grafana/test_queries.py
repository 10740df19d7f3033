"""Every query is of its language, has nothing left to fill in, and reads only known metrics."""

import re
from typing import Any

import boards
import promql_parser
import pytest

from sightline.viewer.logql.parser import parse as parse_logql
from sightline.viewer.promql.syntax import parse as parse_promql

# Read beside the names in metrics.py: the intermediate results of the recording rules.
RECORDED = {rule["record"] for rule in boards.rules() if "record" in rule}
RULES = [pytest.param(r, id=r.get("record", r.get("alert"))) for r in boards.rules()]
PROMQL = [pytest.param(q, id=f"{q.board}: {q.panel}") for q in boards.queries("prometheus")]
LOGQL = [pytest.param(q, id=f"{q.board}: {q.panel}") for q in boards.queries("loki")]
TRACEQL = [pytest.param(q, id=f"{q.board}: {q.panel}") for q in boards.queries("tempo") if q.text]


def known_metrics() -> set[str]:
    boards.build_module()
    from source import metrics  # noqa: PLC0415 — importable once build.py's folder is known

    plain = {value for name, value in vars(metrics).items() if name.isupper()}
    signals = ("spans", "log_records", "metric_points")
    known = {name.format(items=items) for name in plain if "{items}" in name for items in signals}
    windows = ("5m", "30m", "1h", "2h", "6h", "1d", "3d", "30d")
    known |= {name.format(window=w) for name in plain if "{window}" in name for w in windows}
    known |= {f"{name}{end}" for name in plain for end in ("", "_bucket", "_sum", "_count")}
    return known | RECORDED


def metrics_in(node: Any) -> set[str]:
    if isinstance(node, promql_parser.VectorSelector):
        return {node.name} if node.name else set()
    children = ("expr", "vector_selector", "lhs", "rhs", "param")
    found = [metrics_in(child) for name in children if (child := getattr(node, name, None))]
    found += [metrics_in(argument) for argument in getattr(node, "args", None) or []]
    return set().union(*found)


@pytest.mark.parametrize("query", PROMQL)
def test_every_metric_query_is_promql_the_viewer_understands(query: boards.Query) -> None:
    text = boards.filled(query.text)
    assert "$" not in text.replace('"$1"', ""), "a variable that no dashboard has"
    parse_promql(text)


@pytest.mark.parametrize("query", PROMQL)
def test_every_metric_query_reads_metrics_of_the_one_list(query: boards.Query) -> None:
    read = metrics_in(promql_parser.parse(boards.filled(query.text)))
    assert read
    assert read <= known_metrics()


@pytest.mark.parametrize("query", PROMQL)
def test_no_rate_has_a_window_of_its_own(query: boards.Query) -> None:
    windows = set(re.findall(r"\[([^\]]+)\]", query.text))
    assert windows <= {"$__rate_interval", "$__range"}


@pytest.mark.parametrize("query", PROMQL)
def test_counters_are_never_read_without_a_rate(query: boards.Query) -> None:
    """A lifetime total hardly moves after an incident."""
    counters = r"\b\w+_(?:total|count|sum|bucket)\{?[^}\[]*\}?(\[)?"
    text = re.sub(r"sum_over_time|count_over_time", "", query.text)
    bare = [match[0] for match in re.finditer(counters, text) if not match[1]]
    assert not bare


@pytest.mark.parametrize("query", LOGQL)
def test_every_log_query_is_logql_the_viewer_understands(query: boards.Query) -> None:
    text = boards.filled(query.text)
    assert "$" not in text
    parse_logql(text)


@pytest.mark.parametrize("query", TRACEQL)
def test_every_trace_query_names_service_and_environment(query: boards.Query) -> None:
    text = boards.filled(query.text)
    assert "$" not in text
    assert re.fullmatch(r"\{ .* \}", text)
    assert 'resource.service.name = "orders"' in text
    assert "resource.deployment.environment.name" in text


@pytest.mark.parametrize("text", sorted(set(boards.variable_queries())))
def test_every_variable_is_a_label_of_known_series(text: str) -> None:
    match = re.fullmatch(r"label_values\((\{.*\}), (\w+)\)", boards.filled(text))
    assert match
    parse_promql(match[1])
    assert match[2] in {"service_name", "deployment_environment_name"}


@pytest.mark.parametrize("rule", RULES)
def test_every_rule_is_promql_over_metrics_of_the_one_list(rule: boards.Json) -> None:
    read = metrics_in(promql_parser.parse(rule["expr"]))
    assert read <= known_metrics()
