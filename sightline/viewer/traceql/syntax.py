"""The parts of a TraceQL query."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

Comparison = Literal["=", "!=", "=~", "!~", "<", "<=", ">", ">="]
Relation = Literal[">>", "<<", ">", "<", "~"]
Scope = Literal["span", "resource", "any", "intrinsic"]


class Nil(Enum):
    """The value of an attribute that is not there."""

    NIL = "nil"


class Word(str):
    """A status or a kind, written without quotes."""

    __slots__ = ()


class Duration(float):
    """Nanoseconds."""

    __slots__ = ()


Value = str | Word | Duration | int | float | bool | Nil


@dataclass(frozen=True, slots=True)
class Field:
    scope: Scope
    name: str


@dataclass(frozen=True, slots=True)
class Test:
    field: Field
    op: Comparison
    value: Value


@dataclass(frozen=True, slots=True)
class Always:
    holds: bool


@dataclass(frozen=True, slots=True)
class Logic:
    op: Literal["&&", "||"]
    left: "Condition"
    right: "Condition"


Condition = Test | Always | Logic


@dataclass(frozen=True, slots=True)
class Leaf:
    """The spans for which the condition holds."""

    condition: Condition


@dataclass(frozen=True, slots=True)
class Both:
    op: Literal["&&", "||"]
    left: "Spansets"
    right: "Spansets"


@dataclass(frozen=True, slots=True)
class Related:
    """Spans of the right side that stand in the relation to one of the left."""

    op: Relation
    left: "Spansets"
    right: "Spansets"


Spansets = Leaf | Both | Related


@dataclass(frozen=True, slots=True)
class Reduced:
    """`| count() > 2` or `| avg(duration) > 1s`."""

    function: Literal["count", "avg", "min", "max", "sum"]
    op: Comparison
    value: float


@dataclass(frozen=True, slots=True)
class Select:
    fields: tuple[Field, ...]


Stage = Leaf | Reduced | Select


@dataclass(frozen=True, slots=True)
class Query:
    spansets: Spansets
    stages: tuple[Stage, ...] = ()
