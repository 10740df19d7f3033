"""The PromQL that is committed: of the dashboards, the recording rules and the alerts."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[2]
VARIABLES = {
    "$__rate_interval": "1m",
    "$__interval": "15s",
    "$__range": "1h",
    "${service}": "orders",
    "$service": "orders",
    "${environment}": "dev",
    "$environment": "dev",
}


class Committed(NamedTuple):
    where: str
    text: str


def of_dashboards() -> Iterator[Committed]:
    for path in sorted((ROOT / "grafana/dashboards").glob("*.json")):
        for index, text in enumerate(_targets(json.loads(path.read_text()))):
            yield Committed(f"{path.stem}-{index}", _filled(text))


def of_rules() -> Iterator[Committed]:
    for path in sorted((ROOT / "prometheus/rules").glob("*.yml")):
        for group in yaml.safe_load(path.read_text())["groups"]:
            for rule in group["rules"]:
                yield Committed(rule.get("record") or rule["alert"], rule["expr"])


def _targets(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        source = node.get("datasource")
        if "expr" in node and isinstance(source, dict) and source.get("type") == "prometheus":
            yield node["expr"]
        for value in node.values():
            yield from _targets(value)
    elif isinstance(node, list):
        for value in node:
            yield from _targets(value)


def _filled(text: str) -> str:
    for name, value in VARIABLES.items():
        text = text.replace(name, value)
    return text
