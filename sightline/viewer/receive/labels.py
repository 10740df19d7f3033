"""Labels of OTLP metrics: a resource's own, and each data point's, with its series' ids."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sightline.viewer.promql.samples import Labels
from sightline.viewer.receive.naming import label_name, label_value
from sightline.viewer.receive.resources import Resource

MAX_SETS_PER_METRIC = 10_000
_IDENTITY = ("job", "instance")
_IDENTIFYING = {"service.namespace", "service.name", "service.instance.id"}


@dataclass(slots=True)
class LabelSet:
    """One set of labels of one metric: its series so far, and what deltas have added up to."""

    labels: Labels
    series: dict[tuple[str, str], int] = field(default_factory=dict)
    totals: dict[tuple[str, str], float] = field(default_factory=dict)
    buckets: dict[float, float] = field(default_factory=dict)
    last_ns: int = 0


def resource_labels(resource: Resource) -> Labels:
    """`job`, `instance`, and what is promoted for dashboards to select by."""
    labels: Labels = {}
    found = resource.attributes
    if environment := resource.environment:
        labels["deployment_environment_name"] = environment
    if "service.name" in found:
        labels["service_name"] = resource.service
        job = f"{resource.namespace}/{resource.service}"
        labels["job"] = job if "service.namespace" in found else resource.service
    if resource.instance:
        labels["instance"] = resource.instance
    return labels


def point_labels(attributes: Mapping[str, Any], promoted: Labels) -> Labels:
    labels = _joined(attributes)
    own: Labels = {name: promoted[name] for name in _IDENTITY if name in promoted}
    return {**promoted, **labels, **own}


def target_info(resource: Resource) -> Labels:
    """Labels of `target_info`: all of a resource that no other series carries; empty if none."""
    rest = {k: v for k, v in resource.attributes.items() if k not in _IDENTIFYING}
    own = resource_labels(resource)
    identity = {name: own[name] for name in _IDENTITY if name in own}
    return {**_joined(rest), **identity} if rest and identity else {}


def _joined(attributes: Mapping[str, Any]) -> Labels:
    """Keys that become the same label share it, their values joined in the order of the keys."""
    labels: Labels = {}
    for key in sorted(attributes):
        name, value = label_name(key), label_value(attributes[key])
        if name and value:
            labels[name] = f"{labels[name]};{value}" if name in labels else value
    return labels
