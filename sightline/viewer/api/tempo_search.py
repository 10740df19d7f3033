"""What a search asks, and its answer in Tempo's JSON."""

import re
from collections.abc import Iterator, Mapping
from functools import reduce
from typing import Any

from sightline.viewer.api.tempo_parameters import BadParameter, duration
from sightline.viewer.sql.literals import LiteralError, unquoted
from sightline.viewer.traceql import syntax as t
from sightline.viewer.traceql.otlp import value_json
from sightline.viewer.traceql.parser import parse
from sightline.viewer.traceql.search import Found
from sightline.viewer.traceql.spansets import TraceSpan

_NO_ROOT = "<root span not yet received>"
_TAG = re.compile(r'\s*([^\s="]+)=("(?:\\.|[^"\\])*"|[^\s"]*)')
_ROOT_TAGS = {"root.name": "rootName", "root.service.name": "rootServiceName", "name": "name"}
_ERROR = 2
_MILLISECOND = 1_000_000


def query_of(given: Mapping[str, str]) -> t.Query:
    """TraceQL in `q`, or the older `tags`, `minDuration` and `maxDuration`."""
    if given.get("q") and given.get("tags"):
        raise BadParameter("invalid request: can't specify tags and q in the same query")
    query = parse(given.get("q") or "{}")
    older = [*_tests_of_tags(given.get("tags", "")), *_tests_of_durations(given)]
    if not older:
        return query
    condition = reduce(lambda left, right: t.Logic("&&", left, right), older)
    return t.Query(t.Both("&&", query.spansets, t.Leaf(condition)), query.stages)


def _tests_of_tags(tags: str) -> Iterator[t.Condition]:
    end = 0
    while tags[end:].strip():
        match = _TAG.match(tags, end)
        if match is None:
            raise BadParameter(
                f"invalid tags: {tags[end:][:60]!r} at pos {end + 1} is no key=value"
            )
        end = match.end()
        yield _test_of_tag(match[1], _value_of_tag(match[2]))


def _value_of_tag(text: str) -> str:
    try:
        return unquoted(text) if text.startswith('"') else text
    except LiteralError as wrong:
        raise BadParameter(f"invalid tags: {wrong}") from None


def _test_of_tag(name: str, value: str) -> t.Condition:
    if name == "error" and value == "true":
        return t.Test(t.Field("intrinsic", "status"), "=", t.Word("error"))
    if name == "status.code":
        return t.Test(t.Field("intrinsic", "status"), "=", t.Word(value))
    if name in _ROOT_TAGS:
        return t.Test(t.Field("intrinsic", _ROOT_TAGS[name]), "=", value)
    if name == "service.name":
        return t.Test(t.Field("resource", name), "=", value)
    return t.Test(t.Field("any", name), "=", value)


def _tests_of_durations(given: Mapping[str, str]) -> Iterator[t.Condition]:
    length = t.Field("intrinsic", "traceDuration")
    shortest, longest = duration(given, "minDuration"), duration(given, "maxDuration")
    if shortest and longest and shortest > longest:
        raise BadParameter("invalid maxDuration: must be greater than minDuration")
    if shortest:
        yield t.Test(length, ">=", t.Duration(shortest))
    if longest:
        yield t.Test(length, "<=", t.Duration(longest))


def found_json(found: Found, shown: int) -> dict[str, Any]:
    start = min(span.ts for span in found.spans)
    end = max(span.ts + span.dur for span in found.spans)
    root = next((span for span in found.spans if not span.parent_id), None)
    selected = {
        "spans": [_span_json(found, span) for span in found.selected[:shown]],
        "matched": len(found.selected),
    }
    return {
        "traceID": found.trace_id,
        "rootServiceName": root.service if root else _NO_ROOT,
        **({"rootTraceName": root.name} if root else {}),
        "startTimeUnixNano": str(start),
        "durationMs": (end - start) // _MILLISECOND,
        "spanSet": selected,
        "spanSets": [selected],
        "serviceStats": _stats(found.spans),
    }


def _span_json(found: Found, span: TraceSpan) -> dict[str, Any]:
    attributes = [
        {"key": field.name, "value": value_json(value)}
        for field, value in zip(found.shown, span.shown, strict=True)
        if value is not None
    ]
    return {
        "spanID": span.span_id,
        "name": span.name,
        "startTimeUnixNano": str(span.ts),
        "durationNanos": str(span.dur),
        **({"attributes": attributes} if attributes else {}),
    }


def _stats(spans: list[TraceSpan]) -> dict[str, dict[str, int]]:
    stats: dict[str, dict[str, int]] = {}
    for span in spans:
        of_service = stats.setdefault(span.service, {"spanCount": 0})
        of_service["spanCount"] += 1
        if span.status == _ERROR:
            of_service["errorCount"] = of_service.get("errorCount", 0) + 1
    return stats
