"""Names and values of attributes, for completion."""

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import orjson

from sightline.viewer.sql.fragment import TRUE, Questions, Sql, Value, at_most, sql
from sightline.viewer.traceql import conditions
from sightline.viewer.traceql import syntax as t
from sightline.viewer.traceql.parser import INTRINSICS, QueryError, field, parse

_SAMPLED_SPANS = 20_000  # the newest; names that only older spans have are not offered
MOST_VALUES = 1_000
_COLUMNS: Final = {
    "name": "s.name",
    "statusMessage": "nullif(s.status_message, '')",
    "rootName": "CASE WHEN s.parent_id = '' THEN s.name END",
    "rootServiceName": "CASE WHEN s.parent_id = '' THEN s.service END",
}
_KEYWORDS: Final = {"status": conditions.STATUSES, "kind": conditions.KINDS}
_TYPES: Final = {bool: "bool", int: "int", float: "float", str: "string"}


class TagValue(NamedTuple):
    type: str
    value: str


def names(store: Questions, start: int, end: int) -> dict[str, list[str]]:
    """By scope, as Tempo has them."""
    times = sql(
        "SELECT s.ts FROM spans s WHERE s.ts BETWEEN {} AND {} ORDER BY s.ts DESC {}",
        Value(start),
        Value(end),
        at_most(_SAMPLED_SPANS),
    )
    newest = sql(
        "SELECT s.attrs, s.resource_id FROM spans s "
        "WHERE s.ts >= (SELECT min(ts) FROM ({})) AND s.ts <= {}",
        times,
        Value(end),
    )
    of_spans = sql("SELECT DISTINCT unnest(json_keys(attrs)) FROM ({})", newest)
    of_resources = sql(
        "SELECT DISTINCT unnest(json_keys(r.attrs)) FROM resources r "
        "WHERE r.id IN (SELECT resource_id FROM ({}))",
        newest,
    )
    return {
        "resource": sorted({"service.name", *(row[0] for row in of_resources.ask(store))}),
        "span": sorted(row[0] for row in of_spans.ask(store)),
        "intrinsic": sorted(INTRINSICS),
    }


def values(store: Questions, tag: str, query: str, start: int, end: int) -> list[TagValue]:
    """Of a tag as TraceQL writes it; a bare name means any scope."""
    wanted = _field(tag)
    if wanted.name in _KEYWORDS and wanted.scope == "intrinsic":
        return [TagValue("keyword", word) for word in _KEYWORDS[wanted.name]]
    found = _column(wanted)
    if found is None:
        return []
    rows = sql(
        "SELECT DISTINCT {} AS value FROM spans s JOIN resources r ON r.id = s.resource_id "
        "WHERE s.ts BETWEEN {} AND {} AND {} AND value IS NOT NULL ORDER BY value {}",
        found,
        Value(start),
        Value(end),
        _narrowed(query, start, end),
        at_most(MOST_VALUES),
    ).ask(store)
    return _typed(rows)


def _field(tag: str) -> t.Field:
    if tag in INTRINSICS or tag.startswith((".", "span.", "resource.", "event.", "link.")):
        return field(tag)
    return t.Field("any", tag)


def _column(wanted: t.Field) -> Sql | None:
    """JSON text of the value."""
    if wanted.scope == "intrinsic":
        column = _COLUMNS.get(wanted.name)
        return Sql(f"CAST(to_json({column}) AS VARCHAR)") if column else None
    if wanted.name == "service.name" and wanted.scope != "span":
        return Sql("CAST(to_json(s.service) AS VARCHAR)")
    return conditions.json_of(wanted)


def _narrowed(query: str, start: int, end: int) -> Sql:
    """By a query of one spanset; any other narrows nothing, as in Tempo."""
    try:
        spansets = parse(query).spansets if query else None
    except QueryError:
        return TRUE
    if not isinstance(spansets, t.Leaf):
        return TRUE
    return conditions.compiled(spansets.condition, start, end)


def _typed(rows: Sequence[tuple[Any, ...]]) -> list[TagValue]:
    found = []
    for row in rows:
        value = orjson.loads(row[0])
        kind = _TYPES.get(type(value))
        if kind:
            text = value if isinstance(value, str) else orjson.dumps(value).decode()
            found.append(TagValue(kind, text))
    return found
