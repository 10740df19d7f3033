"""What a rule file may say, with Prometheus' own names and checks."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sightline.viewer.promql.durations import duration_ms
from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.errors import PromqlError, UnsupportedError
from sightline.viewer.promql.samples import Labels, NoSamples
from sightline.viewer.promql.syntax import kind, parse
from sightline.viewer.rules.templates import BadTemplate, Template

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_METRIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_TRIAL = Engine(NoSamples())


class BadField(Exception):  # noqa: N818 — reads as what it is
    """Where in a file, and what is wrong there."""


@dataclass(frozen=True, slots=True)
class Rule:
    """A recording rule or an alert, as the file has it; times are milliseconds."""

    expr: str
    record: str = ""
    alert: str = ""
    wait: int = 0  # `for`, which Python keeps for itself
    keep_firing_for: int = 0
    labels: Labels = field(default_factory=dict)
    annotations: Labels = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.record or self.alert


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    interval: int = 0  # 0 for the evaluator's own
    query_offset: int = 0
    limit: int = 0
    labels: Labels = field(default_factory=dict)
    rules: list[Rule] = field(default_factory=list)


def groups_of(document: Any) -> list[Group]:
    """Of a whole file; raise `BadField`."""
    found = _mapping(document or {}, "", {"groups": _list_of("group", _group)})
    groups: list[Group] = found.get("groups", [])
    names = [group.name for group in groups]
    for name in names:
        if names.count(name) > 1:
            raise BadField(f"the group {name!r} stands there twice")
    return groups


Reader = Callable[[Any, str], Any]


def _mapping(
    node: Any, place: str, readers: Mapping[str, Reader], *required: str
) -> dict[str, Any]:
    if not isinstance(node, dict):
        raise BadField(f"{place}{node!r} has no fields")
    for name in node:
        if name not in readers:
            known = ", ".join(readers)
            raise BadField(f"{place}there is no field {name!r}; there are {known}")
    given = {name: value for name, value in node.items() if value not in (None, "")}
    for name in required:
        if name not in given:
            raise BadField(f"{place}{name} is missing")
    return {name: readers[name](value, f"{place}{name}: ") for name, value in given.items()}


def _list_of(what: str, read: Reader) -> Reader:
    def items(node: Any, place: str) -> list[Any]:
        if not isinstance(node, list):
            raise BadField(f"{place}{node!r} is no list")
        above = place.removesuffix(f"{what}s: ")
        return [read(each, f"{above}{what} {number}: ") for number, each in enumerate(node, 1)]

    return items


def _text(node: Any, place: str) -> str:
    """YAML reads `1` and `0.5` as numbers; Prometheus takes what was written."""
    if isinstance(node, bool) or not isinstance(node, str | int | float):
        raise BadField(f"{place}{node!r} is no text")
    return str(node)


def _texts(node: Any, place: str) -> Labels:
    if not isinstance(node, dict):
        raise BadField(f"{place}{node!r} has no names and values")
    for name in node:
        if not isinstance(name, str) or not _LABEL.fullmatch(name) or name == "__name__":
            raise BadField(f"{place}{name!r} is no name for a label or annotation")
    return {name: _text(value, f"{place}{name}: ") for name, value in node.items()}


def _duration(node: Any, place: str) -> int:
    found = duration_ms(_text(node, place))
    if found is None:
        raise BadField(f"{place}{node!r} is no duration such as 30s, 5m or 1h30m")
    return found


def _limit(node: Any, place: str) -> int:
    if isinstance(node, bool) or not isinstance(node, int) or node < 0:
        raise BadField(f"{place}{node!r} is no whole number from 0")
    return node


def _group(node: Any, place: str) -> Group:
    readers = {
        "name": _text,
        "interval": _duration,
        "query_offset": _duration,
        "limit": _limit,
        "labels": _texts,
        "rules": _list_of("rule", _rule),
    }
    group = Group(**_mapping(node, place, readers, "name"))
    if any(rule.alert for rule in group.rules):
        _check_templates(group.labels, f"{place}labels: ")
    return group


def _rule(node: Any, place: str) -> Rule:
    readers = {
        "record": _text,
        "alert": _text,
        "expr": _text,
        "for": _duration,
        "keep_firing_for": _duration,
        "labels": _texts,
        "annotations": _texts,
    }
    given = _mapping(node, place, readers, "expr")
    wait = {"wait": given.pop("for")} if "for" in given else {}
    rule = Rule(**given, **wait)
    if bool(rule.record) == bool(rule.alert):
        raise BadField(f"{place}a rule has either `record` or `alert`")
    if rule.record:
        _check_recording(rule, place)
    _check_expression(rule, place)
    if rule.alert:
        _check_templates(rule.labels | rule.annotations, f"{place}{rule.alert}: ")
    return rule


def _check_recording(rule: Rule, place: str) -> None:
    of_alerts = {
        "for": rule.wait,
        "keep_firing_for": rule.keep_firing_for,
        "annotations": rule.annotations,
    }
    for name, value in of_alerts.items():
        if value:
            raise BadField(f"{place}{rule.record}: `{name}` belongs to an alert")
    if not _METRIC.fullmatch(rule.record):
        raise BadField(f"{place}{rule.record!r} is no name for a metric")


def _check_expression(rule: Rule, place: str) -> None:
    try:
        given = kind(parse(rule.expr))
    except PromqlError as error:
        raise BadField(f"{place}{rule.name}: {error}") from None
    if given not in {"vector", "scalar"}:
        raise BadField(f"{place}{rule.name}: the expression gives a {given}, not a vector")
    try:
        _TRIAL.instant(rule.expr, 0)
    except UnsupportedError as error:
        # What the engine does not know, it refuses over no samples just as well.
        raise BadField(f"{place}{rule.name}: {error}") from None
    except PromqlError:
        # Another failure is the rule's own, and told where Prometheus tells it: as its health.
        return


def _check_templates(texts: Labels, place: str) -> None:
    for name, text in texts.items():
        try:
            Template.parse(text)
        except BadTemplate as error:
            raise BadField(f"{place}{name}: {error}") from None
