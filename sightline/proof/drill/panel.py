"""One panel of a shipped dashboard, by the very query that it is drawn from."""

import math
import re
from dataclasses import dataclass
from typing import Any

from sightline.proof.doctor.queries import filled
from sightline.proof.drill.scene import Scene, Unable
from sightline.proof.drill.story import ExpectedPanel
from sightline.proof.http import Unreachable, request
from sightline.proof.stores import Stores

SERVICE = "orders"
# What Grafana makes of it on a screen's last quarter of an hour: four scrapes of five seconds.
_RATE_INTERVAL = "20s"
_SECONDS = 10.0
_OK = 200


@dataclass(frozen=True)
class Panel:
    wanted: ExpectedPanel
    id: int
    board: str  # the dashboard's title
    query: str
    legend: str
    stores: Stores

    @property
    def name(self) -> str:
        series = f" ({self.wanted.series})" if self.wanted.series else ""
        return f"{self.board} → {self.wanted.title}{series}"

    def value(self) -> float | None:
        """The highest of its series now, or the lowest where it is to fall; None if none is."""
        found = [
            float(sample["value"][1])
            for sample in self.stores.promql(self.query)
            if not self.wanted.series or self._legend(sample["metric"]) == self.wanted.series
        ]
        found = [value for value in found if not math.isnan(value)]
        return (min if self.wanted.falls else max)(found) if found else None

    def _legend(self, labels: dict[str, str]) -> str:
        return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda name: labels.get(name[1], ""), self.legend)


def panel(scene: Scene, wanted: ExpectedPanel) -> Panel:
    """Raise `Unable` where the dashboard cannot be read, or has no such panel."""
    board = _board(scene, wanted.board)
    for one in board["panels"]:
        if one["title"] != wanted.title:
            continue
        for target in one.get("targets", ()):
            if target["refId"] == wanted.ref:
                query = filled(target["expr"].replace("$__rate_interval", _RATE_INTERVAL), SERVICE)
                legend = target.get("legendFormat", "")
                return Panel(wanted, one["id"], board["title"], query, legend, scene.stores)
    raise Unable(
        f"the dashboard {wanted.board} at {scene.places.page} has no panel {wanted.title!r}: it is "
        "not the one that ships. Restart Grafana, or the viewer."
    )


def _board(scene: Scene, uid: str) -> dict[str, Any]:
    page = scene.places.page
    url = f"{page}/api/dashboards/{'' if scene.viewer else 'uid/'}{uid}"
    headers = scene.places.headers(url)
    if scene.token and not scene.viewer:
        headers = {"Authorization": f"Bearer {scene.token}"}
    try:
        answer = request(url, timeout=_SECONDS, headers=headers)
        if answer.status == _OK:
            known: dict[str, Any] = answer.json()
            return known if scene.viewer else known["dashboard"]
        found = f"{url} answers {answer.summary}"
    except (Unreachable, ValueError, KeyError) as error:
        found = str(error)
    raise Unable(
        f"the dashboard {uid} cannot be read: {found}. Say where Grafana is with --grafana; one "
        "that lets nobody ask unnamed wants GRAFANA_TOKEN."
    )
