"""A piece of SQL that carries its own parameters, so that no value is ever pasted into text."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Questions(Protocol):
    """The part of the store that the query languages use."""

    def query(self, sql: str, params: Sequence[Any] = ()) -> list[tuple[Any, ...]]: ...


@dataclass(frozen=True, slots=True)
class Sql:
    """`text` has one `?` for each of `params`."""

    text: str
    params: tuple[Any, ...] = ()

    def ask(self, store: Questions) -> list[tuple[Any, ...]]:
        return store.query(self.text, self.params)


def at_most(rows: int) -> Sql:
    """A LIMIT as text: DuckDB keeps only the best rows of a sort if it knows how many early on."""
    return Sql(f"LIMIT {int(rows)}")


TRUE = Sql("TRUE")
FALSE = Sql("FALSE")


def sql(template: str, *parts: "Sql | Value") -> Sql:
    """Fills each `{}` of the template with a fragment, or with a `?` for a `Value`."""
    texts: list[str] = []
    params: list[Any] = []
    for part in parts:
        if isinstance(part, Sql):
            texts.append(part.text)
            params.extend(part.params)
        else:
            texts.append("?")
            params.append(part.value)
    return Sql(template.format(*texts), tuple(params))


@dataclass(frozen=True, slots=True)
class Value:
    """A value from outside: it travels as a parameter."""

    value: Any


def joined(separator: str, parts: Iterable[Sql]) -> Sql:
    parts = list(parts)
    return Sql(separator.join(p.text for p in parts), tuple(v for p in parts for v in p.params))


def all_of(conditions: Iterable[Sql]) -> Sql:
    wanted = [c for c in conditions if c != TRUE]
    return sql("({})", joined(" AND ", wanted)) if wanted else TRUE


def any_of(conditions: Iterable[Sql]) -> Sql:
    wanted = list(conditions)
    return sql("({})", joined(" OR ", wanted)) if wanted else FALSE
