"""A log query over rows that the database does not have yet: they stand in for its tables."""

from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.columns import SOURCE
from sightline.viewer.logql.labels import COLUMNS, LogRow, Resource
from sightline.viewer.logql.pipeline import compiled
from sightline.viewer.logql.streams import Line, line_of
from sightline.viewer.sql.fragment import Questions, Sql, sql

_LOG_TYPES = {
    "seq": "BIGINT", "ts": "BIGINT", "observed_ts": "BIGINT", "severity": "UTINYINT",
    "severity_text": "VARCHAR", "level": "VARCHAR", "service": "VARCHAR", "body": "VARCHAR",
    "trace_id": "VARCHAR", "span_id": "VARCHAR", "resource_id": "BIGINT", "scope": "VARCHAR",
    "attrs": "VARCHAR",
}  # fmt: skip
_RESOURCE_TYPES = {
    "id": "BIGINT", "service": "VARCHAR", "namespace": "VARCHAR", "environment": "VARCHAR",
    "attrs": "VARCHAR",
}  # fmt: skip


def matching_lines(
    store: Questions, query: s.LogQuery, rows: Sequence[Mapping[str, Any]]
) -> list[Line]:
    """Oldest first."""
    senders = {row["resource_id"]: _resource_row(row) for row in rows}
    pipeline = compiled(query)
    statement = sql(
        f"WITH logs AS ({{}}), resources AS ({{}}) SELECT {COLUMNS} FROM {SOURCE} WHERE {{}} "  # noqa: S608 — constants
        "ORDER BY l.ts, l.seq",
        _table(_LOG_TYPES, rows),
        _table(_RESOURCE_TYPES, list(senders.values())),
        pipeline.condition,
    )
    found = [LogRow(*row) for row in statement.ask(store)]
    known = {
        key: Resource.of(row["service"], row["namespace"], row["environment"], row["attrs"])
        for key, row in senders.items()
    }
    return [line_of(row, known[row.resource_id], pipeline) for row in found]


def _table(types: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> Sql:
    columns = ", ".join(f"unnest(?::{type_}[]) AS {name}" for name, type_ in types.items())
    return Sql(f"SELECT {columns}", tuple([row[name] for row in rows] for name in types))


def _resource_row(row: Mapping[str, Any]) -> dict[str, Any]:
    attrs = row["resource_attrs"]
    environment = attrs.get("deployment.environment.name", attrs.get("deployment.environment", ""))
    return {
        "id": row["resource_id"],
        "service": row["service"],
        "namespace": str(attrs.get("service.namespace", "")),
        "environment": str(environment),
        "attrs": orjson.dumps(attrs).decode(),
    }
