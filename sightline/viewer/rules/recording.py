"""A recording rule: its expression's vector under another name."""

from sightline.viewer.promql.samples import Labels
from sightline.viewer.rules.evaluation import (
    Ask,
    Sample,
    labelled,
    require_distinct,
    require_within,
)
from sightline.viewer.rules.fields import Rule


class RecordingRule:
    def __init__(self, rule: Rule, group_labels: Labels, limit: int) -> None:
        self.rule = rule
        self.labels = {**group_labels, **rule.labels}
        self._limit = limit

    def evaluate(self, ask: Ask, at_ms: int) -> list[Sample]:
        del at_ms
        samples = [
            Sample(labelled(labels, self.labels, name=self.rule.record), value)
            for labels, value in ask(self.rule.expr)
        ]
        require_distinct(samples, "rule")
        require_within(self._limit, len(samples), "series")
        return samples
