"""A fault under load until its alert fires, its panel has moved and a trace names the culprit."""

import time
from dataclasses import dataclass, field, replace

from sightline.proof.drill import alerts, links
from sightline.proof.drill.alerts import AlertWatch
from sightline.proof.drill.arrival import require_arrived
from sightline.proof.drill.culprit import Suspect
from sightline.proof.drill.panel import Panel, panel
from sightline.proof.drill.scene import Unable
from sightline.proof.drill.stage import NotShown, Stage
from sightline.proof.drill.story import Expectation, Load
from sightline.proof.drill.traffic import Traffic

_QUIET_BEFORE_SHARE = 1 / 3  # of the stated time, after another drill that made it fire too
_MOST_A_SECOND = 60.0
# So many requests of the last hour make one a second more of the drill's own necessary.
_OF_THE_HOUR = 200.0
_HOUR = 'sum(increase(http_requests_total{service_name="orders"}[1h]))'
_TRACES_AT_ONCE = 3


def play(expected: Expectation, stage: Stage) -> None:
    scene = stage.scene
    fault = expected.fault(scene)
    fault.require()
    alert = alerts.watched(scene, expected.alert)
    shown = panel(scene, expected.panel)
    scene.require_traces()
    _require_quiet(stage, alert, shown, expected.recovery)
    before = scene.patiently(shown.value)
    load = _grown(stage, expected)
    stage.note("load", str(load))
    with Traffic(scene.places.orders, load, scene.id) as traffic:
        with stage.fault(fault):
            seen = _Seen(stage, alert, shown, before, traffic, expected.suspect)
            if not scene.until(seen.all, stage.deadline):
                raise NotShown(f"{seen.missing()} within {stage.seconds:.0f} s")
            links.of_watch(stage, alert, shown)
        stage.facts["sent"] = traffic.sent
    with Traffic(scene.places.orders, expected.recovery, f"{scene.id}.after"):
        if expected.suspect is None:
            require_arrived(stage, traffic)
        _await_quiet(stage, alert, shown, before)


def _require_quiet(stage: Stage, alert: AlertWatch, shown: Panel, recovery: Load) -> None:
    """Neither fires the alert, nor has the panel moved: else they would prove nothing."""
    scene, why = stage.scene, ""

    def is_quiet() -> bool:
        nonlocal why
        why = _unquiet(alert, shown)
        return not why

    if scene.patiently(is_quiet):
        return
    longest = stage.drill.seconds * _QUIET_BEFORE_SHARE
    stage.note("quiet", f"not yet: {why}; that is waited for")
    with Traffic(scene.places.orders, recovery, f"{scene.id}.before"):
        if not scene.until(is_quiet, time.monotonic() + longest):
            raise Unable(
                f"{why}, and would prove nothing. It did not end within {longest:.0f} s: "
                f"heal what makes it so (docs/runbook.md#{alert.alert.name.lower()})."
            )


def _unquiet(alert: AlertWatch, shown: Panel) -> str:
    """Why not, in words; none where all is quiet."""
    if not alert.is_quiet:
        return f"{alert.alert.name} is active already"
    value, wanted = shown.value(), shown.wanted
    if wanted.passed(value):
        return f"{shown.name} shows {figure(value, wanted.unit)} already"
    if wanted.falls and value is None:
        return f"{shown.name} shows nothing that could fall"
    return ""


def _grown(stage: Stage, expected: Expectation) -> Load:
    load = expected.load
    if not expected.grows or load.rate is None:
        return load
    of_the_hour = stage.scene.patiently(lambda: stage.scene.stores.number(_HOUR))
    needed = of_the_hour / _OF_THE_HOUR
    return replace(load, rate=min(max(load.rate, needed), _MOST_A_SECOND))


@dataclass
class _Seen:
    """What was seen so far, each told as soon as it is."""

    stage: Stage
    alert: AlertWatch
    panel: Panel
    before: float | None
    traffic: Traffic
    suspect: Suspect | None
    moved: bool = False
    named: bool = False
    told: set[str] = field(default_factory=set)

    def all(self) -> bool:
        self._look_at_alert()
        if not self.moved:
            self._look_at_panel()
        if not self.named and self.suspect:
            self._look_at_traces(self.suspect)
        return not self.missing()

    def missing(self) -> str:
        wanted = {
            f"{self.alert.alert.name} does not fire": self.alert.firing,
            f"{self.panel.name} does not move": self.moved,
            "no trace names the culprit": self.named or self.suspect is None,
        }
        return ", ".join(what for what, is_seen in wanted.items() if not is_seen)

    def _look_at_alert(self) -> None:
        self.alert.look()
        name = self.alert.alert.name
        if self.alert.pending:
            self._tell_once("alert", f"{name} is pending", "pending_after")
        if self.alert.firing:
            self._tell_once("alert", f"{name} fires", "firing_after")

    def _tell_once(self, kind: str, text: str, fact: str) -> None:
        if fact not in self.told:
            self.told.add(fact)
            self.stage.facts[fact] = round(self.stage.seconds, 1)
            self.stage.note(kind, text)

    def _look_at_panel(self) -> None:
        value, wanted = self.panel.value(), self.panel.wanted
        if not wanted.passed(value):
            return
        self.moved = True
        way = "below" if wanted.falls else "above"
        self.stage.facts["panel"] = {"before": self.before, "during": value}
        self.stage.note(
            "panel",
            f"{self.panel.name}: {figure(self.before, wanted.unit)} before, now "
            f"{figure(value, wanted.unit)}, {way} {figure(wanted.passes, wanted.unit)}",
        )

    def _look_at_traces(self, suspect: Suspect) -> None:
        # The oldest of those remembered: its spans have had most time to arrive.
        for victim in self.traffic.victims(suspect.victim)[-_TRACES_AT_ONCE:]:
            culprit = suspect.find(self.stage.scene.stores.trace(victim.trace_id))
            if culprit and suspect.guilty(culprit):
                self.named = True
                self.stage.facts["trace"] = {"id": victim.trace_id, "culprit": str(culprit)}
                self.stage.note("trace", f"{victim.trace_id} names {culprit}")
                self.stage.links["trace"] = links.trace(self.stage.scene, victim.trace_id)
                return


def _await_quiet(stage: Stage, alert: AlertWatch, shown: Panel, before: float | None) -> None:
    """No longer firing or pending, and the panel where it was: not empty, if it was not."""

    value: float | None = None

    def is_quiet() -> bool:
        nonlocal value
        value = shown.value()
        if value is None and before is not None:
            return False
        return alert.is_quiet and not shown.wanted.passed(value)

    stage.show(is_quiet, f"quiet of {alert.alert.name} and {shown.name}")
    told = figure(value, shown.wanted.unit)
    stage.note("quiet", f"{alert.alert.name} has ended, {shown.name}: {told}")
    _tell_what_stays(stage)


def _tell_what_stays(stage: Stage) -> None:
    """Budgets are of days: that they were spent is true for hours yet."""
    others = sorted(stage.scene.patiently(stage.scene.stores.alerts))
    stage.facts["still_active"] = others
    if others:
        stage.note("", f"still active, of longer windows or of others: {', '.join(others)}")


def figure(value: float | None, unit: str) -> str:
    if value is None:
        return "nothing"
    return f"{value:.3g}{unit}"
