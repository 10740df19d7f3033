"""Panels, variables and annotations of the dashboards, and the rules, as the stores are asked."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import yaml
from composed import ROOT

WINDOW_SECONDS = 60
VALUES = {
    "$environment": "development",
    "${environment}": "development",
    "$__rate_interval": f"{WINDOW_SECONDS}s",
    "$__range": f"{WINDOW_SECONDS}s",
    "$__interval": "5s",
}


class Query(NamedTuple):
    board: str
    panel: str
    datasource: str
    text: str
    legend: str

    def __str__(self) -> str:
        return f"{self.board}: {self.panel} [{self.legend}]"

    def filled(self, service: str) -> str:
        return fill(self.text, {"$service": service, "${service}": service})


def fill(text: str, values: dict[str, str]) -> str:
    for name, value in {**VALUES, **values}.items():
        text = text.replace(name, value)
    return text


def panel_queries() -> list[Query]:
    return [query for board in _boards() for query in _of(board)]


def variable_queries() -> list[str]:
    return [
        variable["query"]["query"]
        for board in _boards()
        for variable in board["templating"]["list"]
        if variable["type"] == "query"
    ]


def annotation_queries() -> list[str]:
    return [
        annotation["expr"]
        for board in _boards()
        for annotation in board["annotations"]["list"]
        if "expr" in annotation
    ]


def rules() -> list[dict[str, Any]]:
    files = sorted((ROOT / "prometheus" / "rules").glob("*.yml"))
    groups = [group for path in files for group in yaml.safe_load(path.read_text())["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def datasource(name: str, store: str = "tempo") -> dict[str, Any]:
    """A provisioned data source, `$$` and `$TRACE_STORE` expanded as Grafana does."""
    path = ROOT / "grafana" / "provisioning" / "datasources" / f"{name}.yml"
    text = path.read_text().replace("$$", "\0").replace("$TRACE_STORE", store).replace("\0", "$")
    found: dict[str, Any] = yaml.safe_load(text)["datasources"][0]
    return found


def legend(written: str, labels: dict[str, str]) -> str:
    return re.sub(r"\{\{\s*(\w+)\s*\}\}", lambda match: labels.get(match[1], ""), written)


def _boards() -> list[dict[str, Any]]:
    paths = sorted((ROOT / "grafana" / "dashboards").glob("*.json"))
    return [json.loads(path.read_text()) for path in paths]


def _of(board: dict[str, Any]) -> Iterator[Query]:
    for panel in board["panels"]:
        for target in panel.get("targets", []):
            yield Query(
                board["uid"],
                panel["title"],
                target["datasource"]["uid"],
                target.get("expr", target.get("query", "")),
                target.get("legendFormat", ""),
            )
