"""The viewer stands still: endpoint, stores and rules at once. Services go on, and send later."""

import time

from sightline.proof.doctor.page import OPENMETRICS, Page
from sightline.proof.drill import links
from sightline.proof.drill.arrival import require_arrived
from sightline.proof.drill.faults import Halt
from sightline.proof.drill.panel import Panel, panel
from sightline.proof.drill.stage import NotShown, Stage
from sightline.proof.drill.story import ExpectedPanel, Load
from sightline.proof.drill.traffic import Traffic
from sightline.proof.http import Unreachable, request
from sightline.proof.stores import Stores

_PANEL = ExpectedPanel("service", "Requests per second", passes=0.5, unit="/s")
_LOAD = Load(customers=3, rate=3, buying=20)
_AWAY_SECONDS = 45.0
_GAP_AFTER_SECONDS = 25.0  # the panel looks back twenty, and a scrape may have been under way
_OF_THE_PIPELINE = "/d/telemetry-health"
_PROBE_SECONDS = 2.0
_SECONDS = 10.0


def play(stage: Stage) -> None:
    scene = stage.scene
    fault = Halt(scene.data, "viewer")
    fault.require()
    shown = panel(scene, _PANEL)
    fired = scene.patiently(lambda: firing(scene.stores))
    stage.note("load", str(_LOAD))
    with Traffic(scene.places.orders, _LOAD, scene.id) as traffic:
        stage.show(lambda: _PANEL.passed(shown.value()), f"a figure of {shown.name}")
        before = scene.patiently(shown.value)
        with stage.fault(fault):
            start = time.time()
            _require_silence(stage)
            _let_orders_tell(stage)
            while time.time() < start + _AWAY_SECONDS:
                scene.pause()
            end = time.time()
        stage.facts["sent"] = traffic.sent
    if traffic.unanswered:
        raise NotShown(f"{traffic.unanswered} of {traffic.sent} requests were not answered")
    require_arrived(stage, traffic)
    _require_gap(stage, shown, before, start, end)
    stage.links["panel"] = links.drawn(stage, shown)
    stage.links["runbook"] = "docs/runbook.md#drills"
    links.tell(stage)
    _require_quiet(stage, fired)


def _require_silence(stage: Stage) -> None:
    url = f"{stage.scene.places.page}/healthz"

    def is_silent() -> bool:
        try:
            request(url, timeout=_PROBE_SECONDS)
        except Unreachable:
            return True
        return False

    stage.show(is_silent, f"silence of {url}")
    stage.note("alert", "none: page, stores and rules are away together")


def _let_orders_tell(stage: Stage) -> None:
    """Its own page names the culprit, where no store can be asked."""
    before = _failures(stage.scene.patiently(lambda: _page(stage)))

    def has_failed() -> bool:
        return _failures(_page(stage)) > before

    stage.show(has_failed, "a failed export on the metrics page of orders")
    waiting = stage.scene.patiently(lambda: _page(stage)).by(
        "signal", "sightline_telemetry_queue_size"
    )
    told = ", ".join(f"{count:.0f} {signal}" for signal, count in waiting.items())
    stage.facts["waiting"] = waiting
    stage.note("culprit", f"{stage.scene.places.orders}/metrics: exports fail, {told} wait")


def _page(stage: Stage) -> Page:
    url = f"{stage.scene.places.orders}/metrics"
    return Page(request(url, timeout=_SECONDS, headers={"Accept": OPENMETRICS}).text)


def _failures(page: Page) -> float:
    return page.total("sightline_telemetry_export_failures_total")


def _require_gap(
    stage: Stage, shown: Panel, before: float | None, start: float, end: float
) -> None:
    scene, first = stage.scene, start + _GAP_AFTER_SECONDS
    found = scene.patiently(lambda: scene.stores.promql_range(shown.query, first, end - 1, step=1))
    if found:
        raise NotShown(f"{shown.name} has no gap where the viewer was away")
    stage.show(lambda: shown.value() is not None, f"a figure of {shown.name} after its gap")
    stage.facts["panel"] = {"before": before, "during": None}
    stage.note(
        "panel",
        f"{shown.name}: {before or 0:.3g}/s before, a gap of {end - start:.0f} s, drawn again",
    )


def firing(stores: Stores) -> set[str]:
    """Of the pipeline alone: what customers meet, drills before this one may have stirred up."""
    return {
        one["labels"]["alertname"]
        for one in stores.alert_instances()
        if one["state"] == "firing"
        and one["annotations"].get("dashboard_url", "").startswith(_OF_THE_PIPELINE)
    }


def _require_quiet(stage: Stage, before: set[str]) -> None:
    stores = stage.scene.stores
    stage.show(lambda: firing(stores) <= before, "quiet of the alerts of the pipeline")
    stage.note("quiet", "the viewer answers, and no alert of the pipeline fires")
