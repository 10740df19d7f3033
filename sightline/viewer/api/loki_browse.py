"""Loki's answers on what there is: labels, values, series, volumes, fields."""

from typing import Any

from sightline.viewer.api.loki_answers import matrix, success, vector
from sightline.viewer.api.loki_parameters import Parameters
from sightline.viewer.logql import browse
from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.metrics import evaluate
from sightline.viewer.logql.parser import parse_log_query, parse_selector
from sightline.viewer.logql.samples import Steps
from sightline.viewer.logql.selectors import check_selector
from sightline.viewer.logql.streams import read_lines
from sightline.viewer.sql.fragment import Questions

_MOST_FIELDS, _SAMPLED_LINES = 1_000, 100


def labels(store: Questions, parameters: Parameters) -> Any:
    found = {name for stream in _streams(store, parameters) for name in stream}
    return _data(sorted(found))


def label_values(store: Questions, parameters: Parameters) -> Any:
    name = parameters.text("name")
    streams = _streams(store, parameters)
    return _data(sorted({stream[name] for stream in streams if name in stream}))


def series(store: Questions, parameters: Parameters) -> Any:
    selectors = [parse_selector(text) for text in parameters.texts("match[]", "match")]
    return _data(browse.streams_within(store, parameters.window(), selectors))


def stats(store: Questions, parameters: Parameters) -> Any:
    matchers = parse_selector(parameters.text("query"))
    streams, lines, size = browse.counts_within(store, parameters.window(), matchers)
    return {"streams": streams, "chunks": streams, "bytes": size, "entries": lines}


def volume(store: Questions, parameters: Parameters) -> Any:
    window = parameters.window()
    length = max(window.end - window.start, 1)
    steps = Steps(window.end, 1, 1)
    found = evaluate(store, _volume(store, parameters, length), steps)
    return success("vector", vector(found, steps) if isinstance(found, dict) else [])


def volume_range(store: Questions, parameters: Parameters) -> Any:
    window = parameters.window()
    step = parameters.step(window)
    steps = Steps.aligned(window.start, window.end, step)
    return success(
        "matrix", matrix(evaluate(store, _volume(store, parameters, step), steps), steps)
    )


def _volume(store: Questions, parameters: Parameters, length: int) -> s.Metric:
    query = parse_log_query(parameters.text("query"))
    check_selector(store, query)
    asked = [name.strip() for name in parameters.text("targetLabels").split(",") if name.strip()]
    names = tuple(asked or dict.fromkeys(matcher.name for matcher in query.matchers))
    counted = s.RangeAggregation("bytes_over_time", query, length)
    summed = s.VectorAggregation("sum", counted, s.Grouping(without=False, names=names))
    return s.VectorAggregation("topk", summed, count=parameters.limit())


def detected_fields(store: Questions, parameters: Parameters) -> Any:
    most = parameters.limit(_MOST_FIELDS)
    found_fields = _fields(store, parameters)
    fields = [
        {
            "label": name,
            "type": found.type,
            "cardinality": len(found.values),
            "parsers": found.parsers or None,
        }
        for name, found in sorted(found_fields.items())[:most]
    ]
    return {"fields": fields, "limit": most}


def detected_field_values(store: Questions, parameters: Parameters) -> Any:
    most = parameters.limit(_MOST_FIELDS)
    found = _fields(store, parameters).get(parameters.text("name"))
    return {"values": sorted(found.values)[:most] if found else [], "limit": most}


def _fields(store: Questions, parameters: Parameters) -> dict[str, browse.Field]:
    """Of the newest lines that the query finds."""
    query = parse_log_query(parameters.text("query"))
    check_selector(store, query)
    sampled = min(parameters.limit(_SAMPLED_LINES, "line_limit"), _MOST_FIELDS)
    lines = read_lines(store, query, parameters.window(), sampled, "backward")
    return browse.fields_of(lines, _MOST_FIELDS)


def _streams(store: Questions, parameters: Parameters) -> list[dict[str, str]]:
    query = parameters.text("query")
    selectors = [parse_log_query(query).matchers] if query else []
    return browse.streams_within(store, parameters.window(), selectors)


def _data(found: list[Any]) -> dict[str, Any]:
    return {"status": "success", "data": found}
