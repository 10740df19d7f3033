"""Grafana's side of the alerts: one rule for each alert of Prometheus, so that it can notify.

Prometheus evaluates; Grafana only sees that an alert fires and tells the contact point. One rule
is Grafana's own: Prometheus cannot report that it is gone itself.
"""

from pathlib import Path
from typing import Any

import yaml

from source import metrics
from source.datasources import PROMETHEUS
from source.selectors import series

RULES = Path(__file__).parents[3] / "prometheus" / "rules"
HEADER = "# Generated from prometheus/rules by grafana/dashboards/build.py; do not edit.\n"
WATCHMAN = "PrometheusUnreachable"


class _Indented(yaml.SafeDumper):
    """Lists stand further in than their key, as in every YAML file here."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:  # noqa: ARG002, FBT001, FBT002 — the library's signature
        super().increase_indent(flow, indentless=False)


def provisioning() -> str:
    """The text of grafana/provisioning/alerting/rules.yml."""
    groups = [_group(path) for path in sorted(RULES.glob("*.yml"))]
    watch = _folder("watch", [_watchman()])
    document = {"apiVersion": 1, "groups": [group for group in groups if group["rules"]] + [watch]}
    return HEADER + yaml.dump(document, Dumper=_Indented, sort_keys=False, width=120)


def _group(path: Path) -> dict[str, Any]:
    rules = [
        rule for group in yaml.safe_load(path.read_text())["groups"] for rule in group["rules"]
    ]
    return _folder(path.stem, [_mirror(rule) for rule in rules if "alert" in rule])


def _folder(name: str, rules: list[dict[str, object]]) -> dict[str, Any]:
    return {"orgId": 1, "name": name, "folder": "Sightline", "interval": "30s", "rules": rules}


def _mirror(alert: dict[str, Any]) -> dict[str, object]:
    firing = series(metrics.ALERTS, f'alertname="{alert["alert"]}"', 'alertstate="firing"')
    # With all labels but the two that Grafana gives its rule by itself.
    expression = f"max without (alertname, alertstate) ({firing})"
    # A description tells the figure, which is Prometheus' to know.
    annotations = {key: text for key, text in alert["annotations"].items() if key != "description"}
    return _rule(alert["alert"], expression, annotations, no_data="OK", error="KeepLast")


def _watchman() -> dict[str, object]:
    annotations = {
        "summary": "Prometheus does not answer",
        "runbook_url": f"docs/runbook.md#{WATCHMAN.lower()}",
    }
    rule = _rule(WATCHMAN, "vector(0)", annotations, no_data="Alerting", error="Alerting")
    return rule | {"for": "1m", "labels": {"severity": "critical"}}


def _rule(
    name: str, expression: str, annotations: dict[str, str], *, no_data: str, error: str
) -> dict[str, object]:
    return {
        "uid": name.lower(),
        "title": name,
        "condition": "firing",
        "data": [_query(expression), _above_zero()],
        "noDataState": no_data,
        "execErrState": error,
        "for": "0s",
        "annotations": annotations,
    }


def _query(expression: str) -> dict[str, object]:
    return {
        "refId": "alert",
        "relativeTimeRange": {"from": 60, "to": 0},
        "datasourceUid": PROMETHEUS.uid,
        "model": {"refId": "alert", "expr": expression, "instant": True, "range": False},
    }


def _above_zero() -> dict[str, object]:
    return {
        "refId": "firing",
        "datasourceUid": "__expr__",
        "model": {
            "refId": "firing",
            "type": "threshold",
            "expression": "alert",
            "conditions": [{"evaluator": {"type": "gt", "params": [0]}}],
        },
    }
