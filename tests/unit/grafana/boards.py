"""What the tests read of grafana/ and prometheus/: dashboards, panels, queries, rules, files."""

import importlib.util
import json
import re
import sys
import warnings
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[3]
DASHBOARDS = ROOT / "grafana" / "dashboards"
PROVISIONING = ROOT / "grafana" / "provisioning"
RULES = ROOT / "prometheus" / "rules"
RULE_TESTS = ROOT / "prometheus" / "rule_tests"
RUNBOOK = ROOT / "docs" / "runbook.md"

Json = dict[str, Any]

# A picture of half an hour with a scrape each five seconds, of orders in every environment.
VALUES = {
    "${environment}": ".*",
    "${service}": "orders",
    "$environment": ".*",
    "$service": "orders",
    "$__rate_interval": "1m",
    "$__range": "30m",
}


class Query(NamedTuple):
    board: str
    panel: str
    datasource: str
    text: str


@cache
def build_module() -> ModuleType:
    """grafana/dashboards/build.py as it is run: from its own folder."""
    if str(DASHBOARDS) not in sys.path:
        sys.path.insert(0, str(DASHBOARDS))
    spec = importlib.util.spec_from_file_location("dashboards_build", DASHBOARDS / "build.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    with warnings.catch_warnings():
        # The SDK would rather have schema 2; the provisioned and the viewer's boards are schema 1.
        warnings.filterwarnings("ignore", "Prefer using dashboardv2", DeprecationWarning)
        spec.loader.exec_module(module)
    return module


def boards() -> list[Json]:
    return [json.loads(path.read_text()) for path in sorted(DASHBOARDS.glob("*.json"))]


def panels() -> list[tuple[str, Json]]:
    """Every panel that shows something; rows are headings."""
    return [
        (board["uid"], panel)
        for board in boards()
        for panel in board["panels"]
        if panel["type"] != "row"
    ]


def queries(datasource: str) -> list[Query]:
    return [query for query in _queries() if query.datasource == datasource]


def _queries() -> Iterator[Query]:
    for board, panel in panels():
        for target in panel.get("targets", []):
            text = target.get("expr", target.get("query", ""))
            yield Query(board, panel["title"], target["datasource"]["uid"], text)


def variable_queries() -> list[str]:
    return [
        variable["query"]["query"]
        for board in boards()
        for variable in board["templating"]["list"]
        if variable["type"] == "query"
    ]


def filled(text: str, values: dict[str, str] = VALUES) -> str:
    for name, value in values.items():
        text = text.replace(name, value)
    return text


def rules() -> list[Json]:
    groups = [group for path in RULES.glob("*.yml") for group in load(path)["groups"]]
    return [rule for group in groups for rule in group["rules"]]


def alerts() -> dict[str, Json]:
    return {rule["alert"]: rule for rule in rules() if "alert" in rule}


def rule_tests() -> list[Json]:
    return [test for path in sorted(RULE_TESTS.glob("*.yml")) for test in load(path)["tests"]]


def load(path: Path) -> Json:
    return yaml.safe_load(path.read_text())


def provisioned(kind: str) -> dict[str, Json]:
    """Files of one provisioning folder by name, as they are written."""
    return {path.stem: load(path) for path in sorted((PROVISIONING / kind).glob("*.yml"))}


def expanded(value: Any, environment: dict[str, str]) -> Any:
    """What Grafana makes of `$NAME` and `$$` in a provisioning file."""
    if isinstance(value, dict):
        return {key: expanded(each, environment) for key, each in value.items()}
    if isinstance(value, list):
        return [expanded(each, environment) for each in value]
    if not isinstance(value, str):
        return value
    parts = value.split("$$")
    return "$".join(re.sub(r"\$\{?(\w+)\}?", lambda m: environment[m[1]], part) for part in parts)
