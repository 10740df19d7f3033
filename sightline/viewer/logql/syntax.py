"""The parts of a LogQL query."""

from dataclasses import dataclass
from typing import Literal

MatchOp = Literal["=", "!=", "=~", "!~"]
CompareOp = Literal["==", "!=", ">", ">=", "<", "<="]


@dataclass(frozen=True, slots=True)
class Matcher:
    name: str
    op: MatchOp
    value: str


@dataclass(frozen=True, slots=True)
class LineFilter:
    """Any one of `values`; a negated filter wants none of them."""

    op: Literal["|=", "!=", "|~", "!~"]
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Parser:
    kind: Literal["json", "logfmt"]


@dataclass(frozen=True, slots=True)
class TextFilter:
    name: str
    op: MatchOp
    value: str


@dataclass(frozen=True, slots=True)
class NumberFilter:
    name: str
    op: CompareOp
    value: float
    unit: Literal["number", "duration", "bytes"]


@dataclass(frozen=True, slots=True)
class Every:
    parts: "tuple[Filter, ...]"


@dataclass(frozen=True, slots=True)
class Either:
    parts: "tuple[Filter, ...]"


Filter = TextFilter | NumberFilter | Every | Either


@dataclass(frozen=True, slots=True)
class Drop:
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keep:
    names: tuple[str, ...]


Stage = LineFilter | Parser | TextFilter | NumberFilter | Every | Either | Drop | Keep


@dataclass(frozen=True, slots=True)
class LogQuery:
    matchers: tuple[Matcher, ...]
    stages: tuple[Stage, ...]


@dataclass(frozen=True, slots=True)
class Grouping:
    without: bool
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class RangeAggregation:
    function: str
    logs: LogQuery
    range_ns: int
    offset_ns: int = 0


@dataclass(frozen=True, slots=True)
class VectorAggregation:
    function: str
    inner: "Metric"
    grouping: Grouping | None = None
    count: int = 0


@dataclass(frozen=True, slots=True)
class Number:
    value: float


@dataclass(frozen=True, slots=True)
class Binary:
    op: str
    left: "Metric"
    right: "Metric"
    as_bool: bool = False


Metric = RangeAggregation | VectorAggregation | Number | Binary
Query = LogQuery | Metric
