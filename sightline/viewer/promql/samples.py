"""What the PromQL engine asks of a store: series of samples chosen by label matchers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

Labels = dict[str, str]
Times = NDArray[np.int64]
Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Matcher(NamedTuple):
    """One condition on a label; a missing label equals "", expressions are fully anchored."""

    name: str
    op: Literal["=", "!=", "=~", "!~"]
    value: str


@dataclass(frozen=True, slots=True, eq=False)
class Series:
    """`labels` holds `__name__`; `ts` is milliseconds, strictly increasing."""

    labels: Labels
    ts: Times
    values: Floats
    stale: Flags


class Exemplar(NamedTuple):
    labels: Labels
    value: float
    ts_ms: int


class Metadata(NamedTuple):
    type: str
    help: str
    unit: str


class Selecting(Protocol):
    """What evaluating a query asks for. Times are milliseconds and both ends are included.

    A reader raises `TooManySamples` or `TookTooLong` instead of returning a part of the answer.
    """

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]: ...


class SampleReader(Selecting, Protocol):
    """What the query API asks for besides."""

    def series(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Labels]: ...

    def label_names(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[str]: ...

    def label_values(
        self, name: str, matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> list[str]: ...

    def exemplars(
        self, matchers: Sequence[Matcher], start_ms: int, end_ms: int
    ) -> list[tuple[Labels, list[Exemplar]]]: ...

    def metadata(self) -> Mapping[str, Sequence[Metadata]]: ...


class NoSamples:
    """A reader that holds nothing, to see what can be said of a query without samples."""

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        del matchers, start_ms, end_ms
        return []


class TooManySamples(Exception):  # noqa: N818 — reads as what happened
    """More samples match than one query may load."""


class TookTooLong(Exception):  # noqa: N818 — reads as what happened
    """The store was asked for more than it could read in time."""
