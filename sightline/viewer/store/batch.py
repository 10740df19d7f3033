"""What one request brings to the store: rows in the column order of schema.sql."""

from array import array
from dataclasses import dataclass, field
from typing import NamedTuple

Row = tuple[object, ...]


class SeriesRow(NamedTuple):
    id: int
    name: str
    labels: str


@dataclass(slots=True)
class Points:
    """Samples as columns: numbers in bulk, without an object for each."""

    series_id: "array[int]" = field(default_factory=lambda: array("q"))
    ts: "array[int]" = field(default_factory=lambda: array("q"))
    value: "array[float]" = field(default_factory=lambda: array("d"))
    stale: "array[int]" = field(default_factory=lambda: array("b"))

    def __len__(self) -> int:
        return len(self.ts)

    def add(self, series_id: int, ts: int, value: float, *, stale: bool = False) -> None:
        self.series_id.append(series_id)
        self.ts.append(ts)
        self.value.append(value)
        self.stale.append(stale)

    def extend(self, other: "Points") -> None:
        self.series_id.extend(other.series_id)
        self.ts.extend(other.ts)
        self.value.extend(other.value)
        self.stale.extend(other.stale)


@dataclass(slots=True)
class Batch:
    """Rows that are stored together, in one commit; `size` is what they weigh in the queue."""

    size: int = 0
    resources: list[Row] = field(default_factory=list)
    spans: list[Row] = field(default_factory=list)
    logs: list[Row] = field(default_factory=list)
    series: list[SeriesRow] = field(default_factory=list)
    points: Points = field(default_factory=Points)
    exemplars: list[Row] = field(default_factory=list)
    metadata: list[Row] = field(default_factory=list)
    requests: list[Row] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return len(self.spans) + len(self.logs) + len(self.points) + len(self.exemplars)

    def extend(self, other: "Batch") -> None:
        self.size += other.size
        self.resources += other.resources
        self.spans += other.spans
        self.logs += other.logs
        self.series += other.series
        self.points.extend(other.points)
        self.exemplars += other.exemplars
        self.metadata += other.metadata
        self.requests += other.requests
