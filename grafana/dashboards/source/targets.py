"""One query of a panel, in the language of its data source."""

from grafana_foundation_sdk.builders import loki, prometheus, tempo
from grafana_foundation_sdk.models.prometheus import PromQueryFormat
from grafana_foundation_sdk.models.tempo import SearchTableType

from source.datasources import LOKI, PROMETHEUS, TEMPO


def _promql(expression: str, legend: str, ref_id: str) -> prometheus.Dataquery:
    query = prometheus.Dataquery().datasource(PROMETHEUS).expr(expression)
    return query.legend_format(legend).ref_id(ref_id)


def over_time(
    expression: str, legend: str, ref_id: str = "A", *, exemplars: bool = False
) -> prometheus.Dataquery:
    return _promql(expression, legend, ref_id).range().exemplar(exemplars)


def now(expression: str, legend: str, ref_id: str = "A") -> prometheus.Dataquery:
    return _promql(expression, legend, ref_id).instant()


def rows(expression: str, ref_id: str = "A") -> prometheus.Dataquery:
    """One table row for each series."""
    return now(expression, "", ref_id).format(PromQueryFormat.TABLE)


def log_lines(expression: str) -> loki.Dataquery:
    query = loki.Dataquery().datasource(LOKI).expr(expression).query_type("range")
    return query.max_lines(200).ref_id("A")


def log_rate(expression: str, legend: str) -> loki.Dataquery:
    query = loki.Dataquery().datasource(LOKI).expr(expression).query_type("range")
    return query.legend_format(legend).ref_id("A")


def trace_search(query: str, limit: int = 20) -> tempo.Dataquery:
    search = tempo.Dataquery().datasource(TEMPO).query_type("traceql").query(query)
    return search.limit(limit).table_type(SearchTableType.TRACES).ref_id("A")


def service_map(selector: str) -> tempo.Dataquery:
    search = tempo.Dataquery().datasource(TEMPO).query_type("serviceMap")
    return search.service_map_query(selector).ref_id("A")
