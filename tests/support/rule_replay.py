"""The cases of promtool's rule tests, replayed through the viewer's own evaluation."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import yaml
from promql_memory import loaded

from sightline.viewer.promql.durations import duration_ms
from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.query import Settings
from sightline.viewer.promql.samples import Labels, Series
from sightline.viewer.promql.values import NAME, label_key
from sightline.viewer.rules.alerts import AlertingRule, State
from sightline.viewer.rules.evaluation import Sample
from sightline.viewer.rules.files import Written
from sightline.viewer.rules.group import Group
from sightline.viewer.store.batch import Points
from sightline.viewer.store.head import Head
from sightline.viewer.store.reader import Reader
from sightline.viewer.store.samples import StoredSamples
from sightline.viewer.store.series import SeriesIndex

Alerts = list[tuple[Labels, Labels]]


class Recorded:
    """The samples given and the samples written, in the viewer's own memory of recent ones."""

    def __init__(self, series: Sequence[Series]) -> None:
        self._index, self._head = SeriesIndex(), Head(start_ms=-(2**62))
        for each in series:
            points, series_id = Points(), self._id(each.labels)
            rows = zip(each.ts.tolist(), each.values.tolist(), each.stale.tolist(), strict=True)
            for ts, value, stale in rows:
                points.add(series_id, ts, value, stale=stale)
            self._head.add(points)
        nothing_older = Reader(duckdb.connect)
        self.samples = StoredSamples(self._index, self._head, nothing_older, {})

    def write(self, samples: list[Sample], gone: list[Labels], at_ms: int) -> None:
        points = Points()
        for labels, value in samples:
            points.add(self._id(labels), at_ms, value)
        for labels in gone:
            points.add(self._id(labels), at_ms, float("nan"), stale=True)
        self._head.add(points)

    def _id(self, labels: Labels) -> int:
        bare = {name: value for name, value in labels.items() if name != NAME}
        return self._index.add(labels[NAME], bare)[0]


class Replay:
    """Evaluates groups from time 0 on, as promtool does, and keeps which alerts fired when."""

    def __init__(self, groups: Sequence[Written], series: Sequence[Series], every_ms: int) -> None:
        self.recorded = Recorded(series)
        self.engine = Engine(self.recorded.samples, Settings(subquery_step_ms=every_ms))
        self.groups = [Group(written, every_ms) for written in groups]
        self._every_ms = every_ms
        self._evaluated_ms = -every_ms

    def up_to(self, at_ms: int) -> None:
        """Times must not go back."""
        while self._evaluated_ms + self._every_ms <= at_ms:
            self._evaluated_ms += self._every_ms
            for group in self.groups:
                group.evaluate(self.engine, self.recorded, self._evaluated_ms)

    def failures(self) -> dict[str, str]:
        return {
            each.rule.rule.name: each.last.error
            for group in self.groups
            for each in group.rules
            if each.last.error
        }

    def firing(self, name: str) -> Alerts:
        return [
            (alert.labels, alert.annotations)
            for group in self.groups
            for each in group.rules
            if isinstance(each.rule, AlertingRule) and each.rule.rule.alert == name
            for alert in each.rule.alerts
            if alert.state is State.FIRING
        ]

    def ask(self, query: str, at_ms: int) -> dict[object, float]:
        found: Any = self.engine.instant(query, at_ms)
        rows = zip(found.labels, found.values[:, 0].tolist(), strict=True)
        return {label_key(labels): value for labels, value in rows}


def cases(path: Path) -> Iterator[Mapping[str, Any]]:
    """The tests of a file, each with the file's own settings in it."""
    document = yaml.safe_load(path.read_text())
    every = document.get("evaluation_interval", "1m")
    files = [path.parent / name for name in document["rule_files"]]
    for case in document["tests"]:
        yield {"evaluation_interval": every, "files": files, "interval": "1m", **case}


def series_of(case: Mapping[str, Any]) -> list[Series]:
    lines = [
        f"{' '.join(each['series'].split())} {each['values']}" for each in case["input_series"]
    ]
    return loaded("\n".join(lines), milliseconds(case["interval"]))


def milliseconds(text: Any) -> int:
    found = duration_ms(str(text))
    assert found is not None, text
    return found
