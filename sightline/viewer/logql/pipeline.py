"""The stages of a log query as one SQL condition."""

from dataclasses import dataclass

from sightline.viewer.logql import columns
from sightline.viewer.logql import syntax as s
from sightline.viewer.sql.fragment import FALSE, TRUE, Sql, Value, all_of, any_of, sql
from sightline.viewer.sql.json_field import appears_in

_UNITS = {"h": 3600, "m": 60, "s": 1, "ms": 1e-3, "us": 1e-6, "µs": 1e-6, "ns": 1e-9}
_PART = (
    "coalesce(try_cast(regexp_extract(t, '([0-9.]+){unit}(?:[0-9]|$)', 1) AS DOUBLE), 0)"
    " * {seconds}"
)
_SECONDS = (
    "list_transform([{}], lambda t: CASE WHEN regexp_full_match(t, "
    "'([0-9]+([.][0-9]+)?(ns|us|µs|ms|s|m|h))+') THEN "
    + " + ".join(_PART.format(unit=unit, seconds=seconds) for unit, seconds in _UNITS.items())
    + " END)[1]"
)
_BYTES = (
    "list_transform([{}], lambda t: CASE WHEN regexp_full_match(t, "
    "'(?i)[0-9]+([.][0-9]+)? ?([kmgtp]?i?b|[kmgtp])?') "
    "THEN try_cast(regexp_extract(t, '^[0-9.]+') AS DOUBLE) "
    "* pow(CASE WHEN contains(lower(t), 'i') THEN 1024 ELSE 1000 END, "
    "coalesce(strpos('kmgtp', nullif(regexp_extract(lower(t), '[kmgtp]'), '')), 0)) END)[1]"
)
_READINGS = {
    "number": "try_cast({} AS DOUBLE)",
    "duration": _SECONDS.replace("{unit}", ""),
    "bytes": _BYTES,
}


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What a log query asks of a row, and what it makes of its labels."""

    condition: Sql
    parsers: tuple[str, ...]
    shaping: tuple[s.Drop | s.Keep, ...]
    checks_errors: bool


def compiled(query: s.LogQuery) -> Pipeline:
    conditions = [columns.of_streams(query.matchers)]
    parsers: list[str] = []
    shaping: list[s.Drop | s.Keep] = []
    hidden: set[str] = set()
    for stage in query.stages:
        match stage:
            case s.LineFilter():
                conditions.append(_line(stage))
            case s.Parser(kind):
                parsers.append(kind)
            case s.Drop() | s.Keep():
                shaping.append(stage)
                hidden.update(stage.names if isinstance(stage, s.Drop) else ())
            case _:
                conditions.append(_filter(stage, parsers, shaping))
    named = {name for stage in query.stages for name in _names(stage)}
    return Pipeline(
        all_of(conditions), tuple(parsers), tuple(shaping), "__error__" in named | hidden
    )


def visible(name: str, shaping: "list[s.Drop | s.Keep] | tuple[s.Drop | s.Keep, ...]") -> bool:
    return all((name in stage.names) == isinstance(stage, s.Keep) for stage in shaping)


def _names(stage: s.Stage) -> set[str]:
    match stage:
        case s.TextFilter() | s.NumberFilter():
            return {stage.name}
        case s.Every(parts) | s.Either(parts):
            return {name for part in parts for name in _names(part)}
    return set()


def _line(stage: s.LineFilter) -> Sql:
    test = "contains(l.body, {})" if stage.op in ("|=", "!=") else "regexp_matches(l.body, {})"
    found = any_of(sql(test, Value(value)) for value in stage.values)
    return found if stage.op.startswith("|") else sql("NOT {}", found)


def _filter(stage: s.Filter, parsers: list[str], shaping: list[s.Drop | s.Keep]) -> Sql:
    match stage:
        case s.Every(parts):
            return all_of(_filter(part, parsers, shaping) for part in parts)
        case s.Either(parts):
            return any_of(_filter(part, parsers, shaping) for part in parts)
        case s.TextFilter(name, op, value):
            gone = not visible(name, shaping)
            found = Sql("NULL::VARCHAR") if gone else columns.field(name, parsers)
            return all_of([*_quick(stage, parsers), columns.matches(found, op, value)])
        case s.NumberFilter(name):
            return _number(stage, parsers) if visible(name, shaping) else FALSE


def _quick(stage: s.TextFilter, parsers: list[str]) -> list[Sql]:
    """A cheap test that spares most rows the reading of their JSON."""
    if stage.name in columns.OWN_COLUMNS or stage.op != "=" or parsers:
        return []
    near = [appears_in("l.attrs", stage.value), appears_in("r.attrs", stage.value)]
    return [any_of(near)] if TRUE not in near else []


def _number(stage: s.NumberFilter, parsers: list[str]) -> Sql:
    """A text that is no number, duration or size never matches."""
    value = sql(_READINGS[stage.unit], columns.field(stage.name, parsers))
    op = "=" if stage.op == "==" else stage.op
    return sql(f"coalesce({{}} {op} {{}}, FALSE)", value, Value(stage.value))
