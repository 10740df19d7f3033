"""Functions that work on labels: label_replace, label_join, absent, sort_by_label."""

import re
from collections.abc import Callable, Sequence
from functools import cmp_to_key

import numpy as np

from sightline.viewer.promql.errors import ExecutionError
from sightline.viewer.promql.regex import Match, Pattern, compiled
from sightline.viewer.promql.samples import Flags, Labels, Matcher
from sightline.viewer.promql.values import METADATA, Vector, single, sort_key


def label_replace(vector: Vector, target: str, text: str, source: str, pattern: str) -> Vector:
    try:
        regex = compiled(pattern)
    except ExecutionError:
        raise ExecutionError(f"invalid regular expression in label_replace(): {pattern}") from None
    _check_name(target, "destination", "label_replace")
    labels = []
    for each in vector.labels:
        found = regex.fullmatch(each.get(source, ""))
        labels.append(_with(each, target, _expanded(text, regex, found)) if found else each)
    return vector.with_labels(labels)


def label_join(vector: Vector, target: str, separator: str, *sources: str) -> Vector:
    for source in sources:
        _check_name(source, "source", "label_join")
    _check_name(target, "destination", "label_join")
    joined = [separator.join(each.get(name, "") for name in sources) for each in vector.labels]
    return vector.with_labels(
        [_with(each, target, text) for each, text in zip(vector.labels, joined, strict=True)]
    )


def _with(labels: Labels, name: str, value: str) -> Labels:
    others = {key: old for key, old in labels.items() if key != name}
    return {**others, name: value} if value else others


def _check_name(name: str, role: str, function: str) -> None:
    if not name:
        raise ExecutionError(f"invalid {role} label name in {function}(): {name}")


def _expanded(text: str, regex: Pattern, found: Match) -> str:
    """Go's Expand: $1, ${1}, $name, $$; what names no group is empty."""

    def group(reference: re.Match[str]) -> str:
        name = reference["braced"] or reference["plain"]
        if not name:
            return "$"
        key: str | int = int(name) if name.isdecimal() else name
        known = key <= regex.groups if isinstance(key, int) else key in regex.groupindex
        return (found[key] or "") if known else ""

    return re.sub(r"\$(?:\$|\{(?P<braced>\w+)\}|(?P<plain>\w+))", group, text)


def absent(vector: Vector, matchers: Sequence[Matcher]) -> Vector:
    missing: Flags = np.logical_not(vector.present.any(axis=0))
    return single(np.ones(missing.shape), implied_labels(matchers), missing)


def implied_labels(matchers: Sequence[Matcher]) -> Labels:
    """What a series would surely carry had it been found."""
    labels: Labels = {}
    seen: set[str] = set()
    for matcher in matchers:
        if matcher.name in METADATA:
            continue
        if matcher.op == "=" and matcher.name not in seen:
            seen.add(matcher.name)
            labels |= {matcher.name: matcher.value} if matcher.value else {}
        else:
            labels.pop(matcher.name, None)
    return labels


def sort_by_value(vector: Vector, *, descending: bool) -> Vector:
    """NaN comes last either way. Only a query of one instant has an order."""
    if vector.shape[1] != 1:
        return vector
    alive = vector.compact()
    values = alive.values[:, 0]
    return alive.take(np.argsort(-values if descending else values, kind="stable").tolist())


def sort_by_label(vector: Vector, *names: str, descending: bool) -> Vector:
    def compare(one: int, other: int) -> int:
        left, right = vector.labels[one], vector.labels[other]
        for name in names:
            if order := _natural(left.get(name, ""), right.get(name, "")):
                return order
        return -1 if sort_key(left) < sort_key(right) else 1

    rows = sorted(range(len(vector.labels)), key=cmp_to_key(compare), reverse=descending)
    return vector.take(rows)


def _natural(left: str, right: str) -> int:
    if left == right:
        return 0
    split: Callable[[str], list[str]] = re.compile(r"\d+|\D+").findall
    for one, other in zip(split(left), split(right), strict=False):
        if one != other:
            numbers = one.isdecimal() and other.isdecimal() and int(one) != int(other)
            return -1 if (int(one) < int(other) if numbers else one < other) else 1
    return -1 if len(left) < len(right) else 1
