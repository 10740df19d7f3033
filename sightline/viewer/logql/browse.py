"""What there is to ask for: stream labels, their values, series, and fields of lines."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.columns import of_streams
from sightline.viewer.logql.labels import Labels, taken_from
from sightline.viewer.logql.streams import Line, Window, resources
from sightline.viewer.sql.fragment import Questions, Sql, Value, any_of, sql

Selectors = Sequence[tuple[s.Matcher, ...]]


def streams_within(store: Questions, window: Window, selectors: Selectors = ()) -> list[Labels]:
    """The labels of each stream that has a line in the window."""
    wanted = any_of(map(of_streams, selectors)) if selectors else Sql("TRUE")
    rows = sql(
        "SELECT DISTINCT l.resource_id FROM logs l WHERE l.ts >= {} AND l.ts < {} AND {}",
        Value(window.start),
        Value(window.end),
        wanted,
    ).ask(store)
    known = resources(store, (row[0] for row in rows)).values()
    distinct = {tuple(sorted(resource.stream.items())) for resource in known}
    return [dict(labels) for labels in sorted(distinct)]


@dataclass(slots=True)
class Field:
    values: set[str] = field(default_factory=set)
    parsers: list[str] = field(default_factory=list)

    @property
    def type(self) -> str:
        """By a value, as Loki guesses it."""
        value = min(self.values, default="")
        return next((name for name, shape in _SHAPES.items() if shape.fullmatch(value)), "string")


_SHAPES = {
    "int": re.compile(r"[-+]?[0-9]{1,18}"),
    "float": re.compile(r"[-+]?[0-9]*\.?[0-9]+([eE][-+]?[0-9]+)?"),
    "boolean": re.compile(r"(?i:t|f|true|false)"),
    "duration": re.compile(r"-?([0-9]+(\.[0-9]+)?(ns|us|µs|ms|s|m|h))+"),
    "bytes": re.compile(r"(?i:[0-9]+(\.[0-9]+)? ?([kmgtp]i?)?b)"),
}


def fields_of(lines: Iterable[Line], most: int) -> dict[str, Field]:
    """Structured metadata, and what `| json` or `| logfmt` would take from each line."""
    found: dict[str, Field] = {}
    for line in lines:
        for name, value in line.labels.metadata.items():
            _add(found, name, value, "", most)
        parser = "json" if line.text.lstrip().startswith("{") else "logfmt"
        for name, value in taken_from(line.text, parser):
            if name != "__error__":
                _add(found, name, value, parser, most)
    return found


def _add(found: dict[str, Field], name: str, value: str, parser: str, most: int) -> None:
    if name not in found and len(found) >= most:
        return
    known = found.setdefault(name, Field())
    known.values.add(value)
    if parser and parser not in known.parsers:
        known.parsers.append(parser)


def counts_within(
    store: Questions, window: Window, matchers: tuple[s.Matcher, ...]
) -> tuple[int, int, int]:
    """Streams, lines and bytes of a selector."""
    [row] = sql(
        "SELECT count(DISTINCT l.resource_id), count(*), coalesce(sum(strlen(l.body)), 0) "
        "FROM logs l WHERE l.ts >= {} AND l.ts < {} AND {}",
        Value(window.start),
        Value(window.end),
        of_streams(matchers),
    ).ask(store)
    return row[0], row[1], int(row[2])
