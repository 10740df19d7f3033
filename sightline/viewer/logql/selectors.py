"""Checks that Loki makes before a query runs: selectors ask for something, regexes are valid."""

from collections.abc import Iterator

import duckdb

from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.errors import QueryError
from sightline.viewer.sql.fragment import Questions

_NOTHING_ASKED = (
    "parse error : queries require at least one regexp or equality matcher that does not have an "
    'empty-compatible value. For instance, app=~".*" does not meet this requirement, but '
    'app=~".+" will'
)


def check_selectors(store: Questions, metric: s.Metric) -> None:
    for query in _log_queries(metric):
        check_selector(store, query)


def check_selector(store: Questions, query: s.LogQuery) -> None:
    for stage in query.stages:
        for pattern in _patterns(stage):
            _matches_empty(store, pattern)
    wanted = [_excludes_empty(store, matcher) for matcher in query.matchers]
    if not any(wanted):
        raise QueryError(_NOTHING_ASKED)


def _log_queries(metric: s.Metric) -> Iterator[s.LogQuery]:
    match metric:
        case s.RangeAggregation():
            yield metric.logs
        case s.VectorAggregation():
            yield from _log_queries(metric.inner)
        case s.Binary():
            yield from _log_queries(metric.left)
            yield from _log_queries(metric.right)


def _patterns(stage: s.Stage) -> Iterator[str]:
    match stage:
        case s.LineFilter("|~" | "!~"):
            yield from stage.values
        case s.TextFilter(_, "=~" | "!~", pattern):
            yield pattern
        case s.Every(parts) | s.Either(parts):
            for part in parts:
                yield from _patterns(part)


def _excludes_empty(store: Questions, matcher: s.Matcher) -> bool:
    match matcher.op:
        case "=":
            return matcher.value != ""
        case "!=":
            return matcher.value == ""
        case "=~":
            return not _matches_empty(store, matcher.value)
    return _matches_empty(store, matcher.value)


def _matches_empty(store: Questions, pattern: str) -> bool:
    """Whether the pattern can be empty; a wrong pattern is refused."""
    try:
        found = store.query("SELECT regexp_full_match('', ?)", [f"(?s:{pattern})"])
    except duckdb.Error as error:
        reason = str(error).split(":", 1)[-1].strip()
        raise QueryError(f"parse error : error parsing regexp {pattern!r}: {reason}") from None
    return bool(found[0][0])
