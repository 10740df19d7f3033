"""Where a label or a field lives in the store's tables, as SQL."""

import re
from collections.abc import Iterable
from typing import Final

from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.errors import QueryError
from sightline.viewer.sql.fragment import Sql, Value, all_of, any_of, sql
from sightline.viewer.sql.json_field import TooManySpellings, attribute, body_field, is_json_object

STREAM_COLUMNS: Final = {
    "service_name": "r.service",
    "service_namespace": "r.namespace",
    "deployment_environment_name": "r.environment",
}
_LOG_COLUMNS: Final = {
    "trace_id": "nullif(l.trace_id, '')",
    "span_id": "nullif(l.span_id, '')",
    "severity_text": "nullif(l.severity_text, '')",
    "severity_number": "CAST(nullif(l.severity, 0) AS VARCHAR)",
    "detected_level": "l.level",
    "scope_name": "nullif(l.scope, '')",
    "observed_timestamp": (
        "CASE WHEN l.observed_ts NOT IN (0, l.ts) THEN CAST(l.observed_ts AS VARCHAR) END"
    ),
}
OWN_COLUMNS: Final = frozenset({*STREAM_COLUMNS, *_LOG_COLUMNS})
_WHOLE_NUMBER = re.compile(r"-?[0-9]+")
_EXTRACTED = "_extracted"
SOURCE: Final = "logs l JOIN resources r ON r.id = l.resource_id"


def stored(name: str) -> Sql:
    """A stream label or structured metadata; NULL where a line has none of that name."""
    known = STREAM_COLUMNS.get(name) or _LOG_COLUMNS.get(name)
    if known:
        return Sql(f"nullif({known}, '')" if name in STREAM_COLUMNS else known)
    return sql("coalesce({}, {})", attribute("l.attrs", name), attribute("r.attrs", name))


def extracted(parser: str, name: str) -> Sql:
    if parser == "json":
        try:
            return body_field("l.body", name)
        except TooManySpellings:
            raise QueryError(f"the nested field {name} has too many parts for | json") from None
    pattern = rf'(?:^|\s){name}=(?:"((?:[^"\\]|\\.)*)"|([^\s"]*))'
    found = "regexp_extract(l.body, {}, ['quoted', 'plain'])"
    return sql(
        f"CASE WHEN regexp_matches(l.body, {{}}) THEN {found}.quoted || {found}.plain END",
        Value(pattern),
        Value(pattern),
        Value(pattern),
    )


def field(name: str, parsers: Iterable[str]) -> Sql:
    """A name as the stages before it left it: stored first, then what parsers took from the line.

    A field of the line whose name is taken gets `_extracted`, as in Loki.
    """
    parsers = list(dict.fromkeys(parsers))
    if name == "__error__":
        return Sql(error_of(parsers))
    choices = [stored(name), *(extracted(parser, name) for parser in parsers)]
    if parsers and name.endswith(_EXTRACTED):
        stem = name.removesuffix(_EXTRACTED)
        choices += [
            sql("CASE WHEN {} IS NOT NULL THEN {} END", stored(stem), extracted(parser, stem))
            for parser in parsers
        ]
    return sql("coalesce(" + ", ".join(["{}"] * len(choices)) + ")", *choices)


def error_of(parsers: Iterable[str]) -> str:
    if "json" not in parsers:
        return "''"
    return f"CASE WHEN {is_json_object('l.body')} THEN '' ELSE 'JSONParserErr' END"


def matches(value: Sql, op: s.MatchOp, wanted: str) -> Sql:
    """As Loki compares: a missing label is empty, expressions cover the whole value."""
    if op not in ("=", "!=") or not _WHOLE_NUMBER.fullmatch(wanted):
        return _compared(value, op, wanted)
    equal = any_of([_compared(value, "=", wanted), _is_whole_float(value, wanted)])
    return equal if op == "=" else sql("NOT {}", equal)


def _compared(value: Sql, op: s.MatchOp, wanted: str) -> Sql:
    found = sql("coalesce({}, '')", value)
    if op in ("=", "!="):
        return sql(f"{{}} {op} {{}}", found, Value(wanted))
    whole = sql("regexp_full_match({}, {})", found, Value(f"(?s:{wanted})"))
    return whole if op == "=~" else sql("NOT {}", whole)


def _is_whole_float(value: Sql, wanted: str) -> Sql:
    """JSON writes the float 2.0, which is `2` to Loki, but the text "2.0" stays what it is."""
    number, text = Value(f"{wanted}.0"), Value(f'"{wanted}.0"')
    is_text = sql("contains(l.attrs, {}) OR contains(r.attrs, {})", text, text)
    return sql("(coalesce({}, '') = {} AND NOT ({}))", value, number, is_text)


def of_streams(matchers: Iterable[s.Matcher]) -> Sql:
    """The condition on a log row that its stream is wanted; only stream labels can be."""
    wanted = [_compared(Sql(STREAM_COLUMNS.get(m.name, "''")), m.op, m.value) for m in matchers]
    return sql("l.resource_id IN (SELECT r.id FROM resources r WHERE {})", all_of(wanted))
