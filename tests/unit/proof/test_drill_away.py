"""A viewer that stood still has to answer for the alerts of the pipeline, and for no other."""

import json
from collections.abc import Callable
from typing import Any

from sightline.proof.drill.away import firing
from sightline.proof.stores import Stores

# As the fixture `serve` gives it: pages by path, each a status and a body; the address comes back.
Serve = Callable[[dict[str, tuple[int, str]]], str]


def alert(name: str, state: str, page: str) -> dict[str, Any]:
    annotations = {"dashboard_url": page} if page else {}
    return {"labels": {"alertname": name}, "state": state, "annotations": annotations}


def test_only_alerts_of_the_pipeline_that_fire_are_told(serve: Serve) -> None:
    alerts = [
        alert("TargetDown", "firing", "/d/telemetry-health"),
        alert("ServiceDropsTelemetry", "firing", "/d/telemetry-health?var-service=orders"),
        alert("ServiceCannotExport", "pending", "/d/telemetry-health?var-service=orders"),
        alert("LatencyBudgetBurnsFast", "firing", "/d/slo?var-service=orders"),
        alert("OfAnother", "firing", ""),
    ]
    known = json.dumps({"status": "success", "data": {"alerts": alerts}})
    url = serve({"/api/v1/alerts": (200, known)})
    assert firing(Stores(url, url, url)) == {"TargetDown", "ServiceDropsTelemetry"}
