"""A group of rules, evaluated in their order: each sees what those before it have just given."""

import logging
import time
from dataclasses import dataclass, field
from typing import Protocol

from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.errors import PromqlError
from sightline.viewer.promql.samples import Labels
from sightline.viewer.promql.values import label_key
from sightline.viewer.rules.alerts import AlertingRule, Key
from sightline.viewer.rules.evaluation import Sample, asking
from sightline.viewer.rules.fields import Rule
from sightline.viewer.rules.files import Written
from sightline.viewer.rules.recording import RecordingRule

log = logging.getLogger(__name__)


class Sink(Protocol):
    """Where samples go; visible to the next query at once."""

    def write(self, samples: list[Sample], gone: list[Labels], at_ms: int) -> None:
        """`gone` are series that have no value any more. Raise `SinkError` if nothing is taken."""


class SinkError(Exception):
    """Why samples of a rule were not taken."""


@dataclass(slots=True)
class Evaluation:
    """How a rule, or all of a group, went the last time."""

    at: float | None = None  # None before the first
    seconds: float = 0.0
    error: str = ""

    @property
    def health(self) -> str:
        if self.at is None:
            return "unknown"
        return "err" if self.error else "ok"


@dataclass(slots=True)
class Evaluated:
    """A rule, how it went, and the series it gave the last time it went well."""

    rule: RecordingRule | AlertingRule
    last: Evaluation = field(default_factory=Evaluation)
    series: dict[Key, Labels] = field(default_factory=dict)
    failures: int = 0


class Group:
    def __init__(self, written: Written, interval_ms: int) -> None:
        self.file = written.file
        self.name = written.group.name
        self.limit = written.group.limit
        self.interval_ms = written.group.interval or interval_ms
        self.evaluated_ms = 0
        self.last = Evaluation()
        self.rules = [
            Evaluated(_made(rule, written.group.labels, self.limit)) for rule in written.group.rules
        ]
        self._offset_ms = written.group.query_offset

    def evaluate(self, engine: Engine, sink: Sink, at_ms: int) -> None:
        began = time.monotonic()
        for each in self.rules:
            self._evaluate(each, engine, sink, at_ms)
        self.evaluated_ms = at_ms
        self.last = Evaluation(time.time(), time.monotonic() - began)

    def _evaluate(self, each: Evaluated, engine: Engine, sink: Sink, at_ms: int) -> None:
        began, error, seen_ms = time.monotonic(), "", at_ms - self._offset_ms
        try:
            samples = each.rule.evaluate(asking(engine, seen_ms), at_ms)
            series = {label_key(sample.labels): sample.labels for sample in samples}
            gone = [labels for key, labels in each.series.items() if key not in series]
            sink.write(samples, gone, seen_ms)
            each.series = series
        except (PromqlError, SinkError) as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 — a database in trouble must not end all rules
            error = f"{type(failure).__name__}: {failure}"
        if error and error != each.last.error:
            log.warning("rule.failed: %s: %s", each.rule.rule.name, error)
        each.failures += bool(error)
        each.last = Evaluation(time.time(), time.monotonic() - began, error)


def _made(rule: Rule, labels: Labels, limit: int) -> RecordingRule | AlertingRule:
    return (RecordingRule if rule.record else AlertingRule)(rule, labels, limit)
