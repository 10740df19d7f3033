"""Whether the expected alert is known to the rules, quiet, pending or firing."""

from dataclasses import dataclass
from typing import Any

from sightline.proof.drill.scene import Scene, Unable
from sightline.proof.drill.story import ExpectedAlert
from sightline.proof.stores import Stores


@dataclass
class AlertWatch:
    """What was seen of an alert since the fault was put in."""

    stores: Stores
    alert: ExpectedAlert
    waits: bool  # the rule has a `for`, so that it is pending before it fires
    pending: bool = False
    firing: bool = False
    page: str = ""  # the dashboard that the alert itself leads to

    def state(self) -> str:
        """The furthest of its instances: firing, pending or quiet."""
        wanted = {"alertname": self.alert.name, **self.alert.labels}.items()
        found = [one for one in self.stores.alert_instances() if wanted <= one["labels"].items()]
        for one in found:
            self.page = one["annotations"].get("dashboard_url", "")
        states = {one["state"] for one in found}
        return next((state for state in ("firing", "pending") if state in states), "quiet")

    def look(self) -> None:
        state = self.state()
        # One that waits cannot fire unless it was pending, if only between two looks.
        self.pending |= self.waits and state in {"pending", "firing"}
        self.firing |= state == "firing"

    @property
    def is_quiet(self) -> bool:
        return self.state() == "quiet"


def watched(scene: Scene, alert: ExpectedAlert) -> AlertWatch:
    """Raise `Unable` where no rule of that name is evaluated."""
    rules = [rule for rule in scene.patiently(scene.stores.rules) if rule["name"] == alert.name]
    if not rules:
        remedy = (
            "Start it with the shipped rules (SIGHTLINE_RULES=prometheus/rules make demo)."
            if scene.viewer
            else "Look at prometheus/rules, and at Prometheus → Status → Rule health."
        )
        who = "the viewer" if scene.viewer else "Prometheus"
        raise Unable(f"{who} at {scene.places.prometheus} has no alert {alert.name}. {remedy}")
    _require_sound(rules[0])
    return AlertWatch(scene.stores, alert, waits=float(rules[0].get("duration") or 0) > 0)


def _require_sound(rule: dict[str, Any]) -> None:
    if rule.get("health") == "err":
        raise Unable(
            f"the alert {rule['name']} cannot be evaluated: {rule.get('lastError', '')}. "
            "docs/runbook.md#prometheusrulesfail"
        )
