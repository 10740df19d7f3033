"""An alert: pending once its expression has a value, firing when that has lasted, then resolved."""

from dataclasses import dataclass
from enum import StrEnum

from sightline.viewer.promql.samples import Labels
from sightline.viewer.promql.values import label_key, without_metadata
from sightline.viewer.rules.evaluation import (
    Ask,
    Sample,
    labelled,
    require_distinct,
    require_within,
)
from sightline.viewer.rules.fields import Rule
from sightline.viewer.rules.templates import Template

ALERT_NAME = "alertname"
FOR_STATE = "ALERTS_FOR_STATE"
Key = frozenset[tuple[str, str]]


class State(StrEnum):
    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


@dataclass(slots=True)
class Alert:
    """One label set for which the expression has a value, or has just had one."""

    labels: Labels
    annotations: Labels
    value: float
    active_at_ms: int
    state: State = State.PENDING
    keep_firing_since_ms: int | None = None


class AlertingRule:
    """Keeps its alerts from one evaluation to the next, as Prometheus' own does."""

    def __init__(self, rule: Rule, group_labels: Labels, limit: int) -> None:
        self.rule = rule
        self.labels = {**group_labels, **rule.labels}
        self._limit = limit
        self._label_templates = {k: Template.parse(v) for k, v in self.labels.items()}
        self._annotation_templates = {k: Template.parse(v) for k, v in rule.annotations.items()}
        self._active: dict[Key, Alert] = {}
        self._resumed: dict[Key, int] = {}
        self._evaluations_left = 0  # of those by which an alert from before may come back

    @property
    def alerts(self) -> list[Alert]:
        """Those pending or firing. Resolved ones are kept by nobody: nobody is told of them."""
        return list(self._active.values())

    @property
    def state(self) -> State:
        states = {alert.state for alert in self.alerts}
        if State.FIRING in states:
            return State.FIRING
        return State.PENDING if states else State.INACTIVE

    def resume(self, active_at_ms: dict[Key, int], evaluations: int) -> None:
        """Alerts from before a restart, should they be found in the first evaluations."""
        self._resumed, self._evaluations_left = active_at_ms, evaluations

    def evaluate(self, ask: Ask, at_ms: int) -> list[Sample]:
        """`at_ms` is the time of the evaluation, whatever earlier time `ask` looks at."""
        found = self._found(ask(self.rule.expr), at_ms)
        self._take_up(found)
        active = {**found, **self._active}
        for key, alert in found.items():
            active[key].value, active[key].annotations = alert.value, alert.annotations
        active = {
            key: alert
            for key, alert in active.items()
            if self._goes_on(alert, at_ms, met=key in found)
        }
        exceeded = 0 < self._limit < len(active)
        self._active = {} if exceeded else active
        require_within(self._limit, len(active), "alerts")
        return [sample for alert in self.alerts for sample in self._samples(alert)]

    def _found(self, samples: list[Sample], at_ms: int) -> dict[Key, Alert]:
        alerts = [self._alert(labels, value, at_ms) for labels, value in samples]
        require_distinct([Sample(alert.labels, 0) for alert in alerts], "alert")
        return {label_key(alert.labels): alert for alert in alerts}

    def _take_up(self, found: dict[Key, Alert]) -> None:
        for key, alert in found.items():
            alert.active_at_ms = self._resumed.pop(key, alert.active_at_ms)
        self._evaluations_left -= 1
        if self._evaluations_left <= 0:
            self._resumed = {}

    def _alert(self, labels: Labels, value: float, at_ms: int) -> Alert:
        def expanded(templates: dict[str, Template]) -> Labels:
            return {name: each.expand(labels, value) for name, each in templates.items()}

        named = {**expanded(self._label_templates), ALERT_NAME: self.rule.alert}
        annotations = expanded(self._annotation_templates)
        return Alert(labelled(without_metadata(labels), named), annotations, value, at_ms)

    def _goes_on(self, alert: Alert, at_ms: int, *, met: bool) -> bool:
        """Whether the alert is still one; it fires once its condition was met for long enough."""
        if not met:
            return alert.state is State.FIRING and self._keeps_firing(alert, at_ms)
        alert.keep_firing_since_ms = None
        if alert.state is State.PENDING and at_ms - alert.active_at_ms >= self.rule.wait:
            alert.state = State.FIRING
        return True

    def _keeps_firing(self, alert: Alert, at_ms: int) -> bool:
        if not self.rule.keep_firing_for:
            return False
        if alert.keep_firing_since_ms is None:
            alert.keep_firing_since_ms = at_ms
        return at_ms - alert.keep_firing_since_ms < self.rule.keep_firing_for

    def _samples(self, alert: Alert) -> list[Sample]:
        state = {"alertstate": alert.state.value}
        return [
            Sample(labelled(alert.labels, state, name="ALERTS"), 1.0),
            Sample(labelled(alert.labels, {}, name=FOR_STATE), alert.active_at_ms // 1000),
        ]
