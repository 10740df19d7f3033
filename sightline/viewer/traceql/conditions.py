"""A condition on a span as SQL over `spans s` and `resources r`."""

import json
from dataclasses import dataclass
from typing import Final

from sightline.viewer.sql.fragment import FALSE, TRUE, Sql, Value, all_of, any_of, sql
from sightline.viewer.sql.json_field import appears_in, pointer
from sightline.viewer.traceql import syntax as t
from sightline.viewer.traceql.parser import QueryError

STATUSES: Final = ("unset", "ok", "error")
KINDS: Final = ("unspecified", "internal", "server", "client", "producer", "consumer")
_ENUMS: Final = {"status": STATUSES, "kind": KINDS}
_TEXTS: Final = {
    "name": "s.name",
    "statusMessage": "s.status_message",
    "span:id": "s.span_id",
    "span:parentID": "s.parent_id",
    "trace:id": "s.trace_id",
}
_ROOTS: Final = {"rootName": "root.name", "rootServiceName": "root.service"}
_WHOLE_NUMBERS = "('UBIGINT', 'BIGINT', 'HUGEINT')"
_EQUALITY = ("=", "!=")
_POSITIVE: Final[dict[str, t.Comparison]] = {"!=": "=", "!~": "=~"}
SLACK_NS = 15 * 60 * 1_000_000_000  # how far from the searched time a trace may have its root
# The whole of each trace that has a part in the searched time.
_OF_TRACES = (
    "s.trace_id IN (SELECT replace(CAST(o.trace_id AS VARCHAR), '-', '') FROM traces o "
    "WHERE o.trace_id IN (SELECT trace_id FROM traces WHERE last_ts >= {} AND first_ts <= {}) "
    "GROUP BY o.trace_id HAVING {})"
)


@dataclass(frozen=True, slots=True)
class Attribute:
    """Its text and its JSON type, NULL where a span has none."""

    text: Sql
    kind: Sql
    documents: tuple[str, ...]


def attribute(field: t.Field) -> Attribute:
    documents = {"span": ("s.attrs",), "resource": ("r.attrs",)}.get(
        field.scope, ("s.attrs", "r.attrs")
    )
    path = Value(pointer(field.name))
    texts = [sql(f"json_extract_string({document}, {{}})", path) for document in documents]
    kinds = [sql(f"json_type({document}, {{}})", path) for document in documents]
    return Attribute(_first(texts), _first(kinds), documents)


def json_of(field: t.Field) -> Sql:
    """JSON text of an attribute."""
    path = Value(pointer(field.name))
    documents = attribute(field).documents
    found = [sql(f"json_extract({document}, {{}})", path) for document in documents]
    return sql("CAST({} AS VARCHAR)", _first(found))


def _first(choices: list[Sql]) -> Sql:
    return sql("coalesce(" + ", ".join(["{}"] * len(choices)) + ", NULL)", *choices)


def compiled(condition: t.Condition, start: int, end: int) -> Sql:
    """The times bound what is read of other spans of a trace."""
    match condition:
        case t.Always(holds):
            return TRUE if holds else FALSE
        case t.Logic("&&", left, right):
            return all_of([compiled(left, start, end), compiled(right, start, end)])
        case t.Logic(_, left, right):
            return any_of([compiled(left, start, end), compiled(right, start, end)])
        case t.Test(t.Field("intrinsic", name), op, value):
            return _intrinsic(name, op, value, start, end)
        case t.Test(t.Field("resource", "service.name"), op, str() as value):
            return _compared(Sql("s.service"), op, _plain(condition, value))
    return _of_attribute(condition)


def _plain(test: t.Test, value: t.Value) -> t.Value:
    if isinstance(value, t.Word):
        raise QueryError(
            f"{value} is no value of {test.field.name}; quote a text: {json.dumps(value)}"
        )
    return value


def _of_attribute(test: t.Test) -> Sql:
    found, op, value = attribute(test.field), test.op, _plain(test, test.value)
    match value:
        case t.Nil():
            _allow(test, op in _EQUALITY)
            missing = sql("coalesce({}, 'NULL') = 'NULL'", found.kind)
            return missing if op == "=" else sql("NOT ({})", missing)
        case bool():
            _allow(test, op in _EQUALITY)
            text = Value("true" if value else "false")
            return sql(f"({{}} = 'BOOLEAN' AND {{}} {op} {{}})", found.kind, found.text, text)
        case str():
            return _of_text(test, found, value)
    _allow(test, op not in ("=~", "!~") and not isinstance(value, t.Duration))
    whole = isinstance(value, int)
    number = sql(f"try_cast({{}} AS {'HUGEINT' if whole else 'DOUBLE'})", found.text)
    kinds = _WHOLE_NUMBERS if whole else "('DOUBLE')"
    holds = sql(f"({{}} IN {kinds} AND {{}} {op} {{}})", found.kind, number, Value(value))
    return all_of([_near(found, str(value)), holds]) if whole and op == "=" else holds


def _of_text(test: t.Test, found: Attribute, value: str) -> Sql:
    conditions = [_compared(found.text, test.op, value)]
    if test.op != "=" or _could_be_another_type(value):
        conditions.append(sql("{} = 'VARCHAR'", found.kind))
    near = [_near(found, value)] if test.op == "=" else []
    return all_of([*near, any_of([all_of(conditions), _of_list(test, found, value)])])


def _of_list(test: t.Test, found: Attribute, value: str) -> Sql:
    """A list matches by any of its texts; a negated comparison wants none of them."""
    positive = _POSITIVE.get(test.op, test.op)
    item = _compared(Sql("item"), positive, value)
    texts = sql("try_cast({} AS VARCHAR[])", found.text)
    count = sql("len(list_filter({}, lambda item: coalesce({}, FALSE)))", texts, item)
    wanted = ">" if positive == test.op else "="
    return sql(f"CASE WHEN {{}} = 'ARRAY' THEN {{}} {wanted} 0 END", found.kind, count)


def _near(found: Attribute, text: str) -> Sql:
    near = [appears_in(document, text) for document in found.documents]
    return TRUE if TRUE in near else any_of(near)


def _could_be_another_type(value: str) -> bool:
    try:
        json.loads(value)
    except ValueError:
        return False
    return True


def _intrinsic(name: str, op: t.Comparison, value: t.Value, start: int, end: int) -> Sql:
    test = t.Test(t.Field("intrinsic", name), op, value)
    if name in _ENUMS:
        return _enumerated(test, _ENUMS[name])
    if name == "duration":
        return _number(test, Sql("s.dur"))
    if name == "traceDuration":
        length = _number(test, Sql("max(o.end_ts) - min(o.first_ts)"))
        return sql(_OF_TRACES, Value(start), Value(end), length)
    _allow(test, isinstance(value, str) and not isinstance(value, t.Word))
    if name in _ROOTS:
        return sql(
            "s.trace_id IN (SELECT root.trace_id FROM spans root "
            "WHERE root.parent_id = '' AND root.ts BETWEEN {} AND {} AND {})",
            Value(start - SLACK_NS),
            Value(end + SLACK_NS),
            _compared(Sql(_ROOTS[name]), op, value),
        )
    return _compared(Sql(_TEXTS[name]), op, value)


def _enumerated(test: t.Test, words: tuple[str, ...]) -> Sql:
    if not isinstance(test.value, t.Word) or test.value not in words or test.op not in _EQUALITY:
        raise QueryError(
            f"{test.field.name} {test.op} {test.value} cannot be asked; "
            f"{test.field.name} is, or is not, one of {', '.join(words)}"
        )
    column = Sql("s.status" if test.field.name == "status" else "s.kind")
    return sql(f"{{}} {test.op} {{}}", column, Value(words.index(test.value)))


def _number(test: t.Test, column: Sql) -> Sql:
    _allow(test, isinstance(test.value, int | float) and test.op not in ("=~", "!~"))
    return sql(f"{{}} {test.op} {{}}", column, Value(test.value))


def _compared(text: Sql, op: t.Comparison, value: t.Value) -> Sql:
    """Expressions cover the whole text, as in Tempo."""
    if op in ("=~", "!~"):
        whole = sql("regexp_full_match({}, {})", text, Value(value))
        return whole if op == "=~" else sql("NOT {}", whole)
    return sql(f"{{}} {op} {{}}", text, Value(value))


def _allow(test: t.Test, allowed: bool) -> None:  # noqa: FBT001 — reads as a sentence
    if not allowed:
        value = test.value.value if isinstance(test.value, t.Nil) else test.value
        raise QueryError(f"{test.field.name} {test.op} {value} compares what cannot be compared")


def patterns(condition: t.Condition) -> list[str]:
    match condition:
        case t.Logic(_, left, right):
            return [*patterns(left), *patterns(right)]
        case t.Test(_, "=~" | "!~", str() as pattern):
            return [pattern]
    return []


def fields(condition: t.Condition) -> list[t.Field]:
    """Attributes that a search shows because it asked for them."""
    match condition:
        case t.Logic(_, left, right):
            return [*fields(left), *fields(right)]
        case t.Test(field, _, _) if field.scope != "intrinsic":
            return [field]
    return []
