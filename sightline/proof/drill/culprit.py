"""The span of a trace that is to blame: the deepest exception, or the longest time of its own."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sightline.proof.drill.traffic import Sent
from sightline.proof.stores import Span, attributes


@dataclass(frozen=True)
class Culprit:
    service: str
    name: str
    seconds: float
    attributes: dict[str, Any]
    exception: str = ""  # its type
    message: str = ""

    def __str__(self) -> str:
        told = f"{self.service}: {self.name}"
        if self.exception:
            return f"{told}, {self.exception.rpartition('.')[2]}: {self.message}"
        return f"{told}, {self.seconds:.2f} s of its own"


@dataclass(frozen=True)
class Suspect:
    """Which requests are victims, how their trace names a culprit, and who it should be."""

    victim: Callable[[Sent], bool]
    find: Callable[[list[Span]], Culprit | None]
    guilty: Callable[[Culprit], bool]


def failed(spans: list[Span]) -> Culprit | None:
    """The deepest span with an exception: where it broke."""
    raised = [(span, event) for span in spans if (event := _exception(span))]
    if not raised:
        return None
    parents = {span["spanId"]: span.get("parentSpanId", "") for span in spans}
    span, event = max(raised, key=lambda one: _depth(one[0]["spanId"], parents))
    told = attributes(event)
    kind, message = str(told.get("exception.type", "")), str(told.get("exception.message", ""))
    return _culprit(span, _seconds(span), kind, message)


def slow(spans: list[Span]) -> Culprit | None:
    """The span whose own time, what its children take left out, is the longest."""
    children: dict[str, float] = {}
    for span in spans:
        parent = span.get("parentSpanId", "")
        children[parent] = children.get(parent, 0.0) + _seconds(span)
    own = {span["spanId"]: _seconds(span) - children.get(span["spanId"], 0.0) for span in spans}
    if not spans:
        return None
    span = max(spans, key=lambda one: own[one["spanId"]])
    return _culprit(span, own[span["spanId"]])


def _culprit(span: Span, seconds: float, kind: str = "", message: str = "") -> Culprit:
    service = str(span["resource"].get("service.name", "?"))
    return Culprit(service, span["name"], seconds, attributes(span), kind, message)


def _exception(span: Span) -> dict[str, Any] | None:
    events: list[dict[str, Any]] = span.get("events") or []
    return next((event for event in events if event["name"] == "exception"), None)


def _depth(span_id: str, parents: dict[str, str]) -> int:
    depth, seen = 0, {span_id}
    while (span_id := parents.get(span_id, "")) and span_id not in seen:
        seen.add(span_id)
        depth += 1
    return depth


def _seconds(span: Span) -> float:
    return (int(span["endTimeUnixNano"]) - int(span["startTimeUnixNano"])) / 1e9
