"""What one running query knows: its times, its limits, and the samples it has read."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from sightline.viewer.promql.errors import ExecutionError, TimedOutError
from sightline.viewer.promql.samples import (
    Matcher,
    Selecting,
    Series,
    TookTooLong,
    TooManySamples,
)
from sightline.viewer.promql.values import Grid, sort_key


@dataclass(frozen=True, slots=True)
class Settings:
    """Prometheus' own defaults, but for the bounds on memory."""

    lookback_ms: int = 300_000
    subquery_step_ms: int = 60_000
    timeout_seconds: float = 30.0
    max_samples: int = 5_000_000
    max_cells: int = 4_000_000
    max_visits: int = 2_000_000_000


@dataclass(slots=True)
class _Usage:
    deadline: float
    samples: int = 0
    selections: dict[tuple[tuple[Matcher, ...], int, int], list[Series]] = field(
        default_factory=dict
    )


@dataclass(frozen=True, slots=True)
class Query:
    """`grid` is where the current node is evaluated, `outer` what start() and end() mean."""

    reader: Selecting
    settings: Settings
    outer: Grid
    grid: Grid
    usage: _Usage

    @classmethod
    def begin(cls, reader: Selecting, settings: Settings, grid: Grid) -> "Query":
        return cls(
            reader, settings, grid, grid, _Usage(time.monotonic() + settings.timeout_seconds)
        )

    def on(self, grid: Grid) -> "Query":
        return replace(self, grid=grid)

    def check(self) -> None:
        if time.monotonic() > self.usage.deadline:
            raise TimedOutError(f"query timed out after {self.settings.timeout_seconds:g} s")

    def select(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        """Series in the order of their labels; asked once for the same question."""
        key = (tuple(matchers), start_ms, end_ms)
        if key not in self.usage.selections:
            self.usage.selections[key] = self.read(matchers, start_ms, end_ms)
        return self.usage.selections[key]

    def read(self, matchers: Sequence[Matcher], start_ms: int, end_ms: int) -> list[Series]:
        """Read anew each time, and counted."""
        self.check()
        try:
            found = self.reader.select(matchers, start_ms, end_ms)
        except TooManySamples as error:
            raise ExecutionError(str(error)) from None
        except TookTooLong as error:
            raise TimedOutError(str(error)) from None
        self.usage.samples += sum(len(series.ts) for series in found)
        self.bound(self.usage.samples, self.settings.max_samples)
        self.bound(len(found) * self.grid.size, self.settings.max_cells)
        return sorted(found, key=lambda series: sort_key(series.labels))

    def bound_cells(self, wanted: int) -> None:
        self.check()
        self.bound(wanted, self.settings.max_cells)

    def bound(self, wanted: int, allowed: int) -> None:
        if wanted > allowed:
            raise ExecutionError(
                "query processing would load too many samples into memory in query execution "
                f"({wanted:,} of at most {allowed:,}); narrow the selector or the time range"
            )
