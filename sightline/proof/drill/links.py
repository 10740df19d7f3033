"""Where a person looks at all this: Grafana's addresses, or the viewer's."""

import json
from urllib.parse import quote, urlencode

from sightline.proof.drill.alerts import AlertWatch
from sightline.proof.drill.panel import SERVICE, Panel
from sightline.proof.drill.scene import Scene
from sightline.proof.drill.stage import Stage

_AROUND_SECONDS = 120


def of_watch(stage: Stage, watched: AlertWatch, panel: Panel) -> None:
    page, name = stage.scene.places.page, watched.alert.name
    if not stage.scene.viewer:
        stage.links["alert"] = f"{page}/alerting/list?{urlencode({'search': name})}"
    if watched.page:
        stage.links["alert's own dashboard"] = f"{page}{watched.page}"
    stage.links["panel"] = drawn(stage, panel)
    stage.links["runbook"] = f"docs/runbook.md#{name.lower()}"
    tell(stage)


def tell(stage: Stage) -> None:
    for name, address in stage.links.items():
        stage.note("look", f"{name}: {address}")


def drawn(stage: Stage, panel: Panel) -> str:
    start = int((stage.began_at - _AROUND_SECONDS) * 1000)
    given = {"var-service": SERVICE, "viewPanel": panel.id, "from": start, "to": "now"}
    return f"{stage.scene.places.page}/d/{panel.wanted.board}?{urlencode(given)}"


def trace(scene: Scene, trace_id: str) -> str:
    page = scene.places.page
    if scene.viewer:
        return f"{page}/traces/{trace_id}"
    return _explored(page, "tempo", {"queryType": "traceql", "query": trace_id})


def lines(scene: Scene, request_id: str) -> str:
    page = scene.places.page
    if scene.viewer:
        return f"{page}/logs?{urlencode({'field': f'request_id={request_id}'})}"
    expr = f'{{service_name=~".+"}} | request_id="{request_id}"'
    return _explored(page, "loki", {"expr": expr})


def _explored(page: str, source: str, asked: dict[str, str]) -> str:
    query = {"refId": "A", "datasource": {"type": source, "uid": source}, **asked}
    hour = {"from": "now-1h", "to": "now"}
    panes = {"a": {"datasource": source, "queries": [query], "range": hour}}
    return f"{page}/explore?schemaVersion=1&panes={quote(json.dumps(panes, separators=(',', ':')))}"
