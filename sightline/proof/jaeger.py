"""Jaeger in Tempo's place: its traces in the shape of Tempo's."""

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from sightline.proof.http import Answer, Unreachable, request
from sightline.proof.stores import StoreError

_SECONDS, _SEARCH_SECONDS = 4.0, 20.0
_OK, _NOT_FOUND = 200, 404


def found(tempo: str, address: str) -> str:
    """Jaeger's address, if nobody listens where Tempo would and Jaeger does where it would."""
    try:
        request(f"{tempo}/ready", timeout=_SECONDS)
    except Unreachable as error:
        # One that hangs is there.
        return "" if "within" in str(error) else _present(address)
    return ""


def _present(address: str) -> str:
    try:
        known = request(f"{address}/api/services", timeout=_SECONDS).json()
    except (Unreachable, ValueError):
        return ""
    return address if isinstance(known, dict) and "data" in known else ""


def trace(address: str, trace_id: str) -> list[dict[str, Any]]:
    url = f"{address}/api/traces/{trace_id}"
    try:
        answer = request(url, timeout=_SECONDS)
    except Unreachable as error:
        raise StoreError(f"Jaeger: {error}") from error
    if answer.status == _NOT_FOUND:
        return []
    return [_span(one, trace) for trace in _data(answer) for one in trace["spans"]]


def search(
    address: str, service: str, tags: Mapping[str, str], start: float, end: float, limit: int
) -> list[dict[str, Any]]:
    """Traces in which a span of the service has these tags; each with all of its spans."""
    given = {
        "service": service,
        "tags": json.dumps(tags),
        "start": int(start * 1e6),
        "end": int(end * 1e6),
        "limit": limit,
    }
    url = f"{address}/api/traces?{urlencode(given)}"
    try:
        return _data(request(url, timeout=_SEARCH_SECONDS))
    except Unreachable as error:
        raise StoreError(f"Jaeger: {error}") from error


def tags_of(span: dict[str, Any]) -> dict[str, Any]:
    return {tag["key"]: tag["value"] for tag in span["tags"]}


def _data(answer: Answer) -> list[dict[str, Any]]:
    if answer.status != _OK:
        raise StoreError(f"Jaeger: {answer.url} answers {answer.summary}")
    try:
        return list(answer.json()["data"] or [])
    except (ValueError, KeyError, TypeError) as error:
        raise StoreError(f"Jaeger: {answer.url} answers without data: {answer.summary}") from error


def _span(span: dict[str, Any], trace: dict[str, Any]) -> dict[str, Any]:
    tags = tags_of(span)
    start = int(span["startTime"]) * 1000
    return {
        "name": span["operationName"],
        "spanId": span["spanID"],
        "kind": f"SPAN_KIND_{str(tags.get('span.kind', 'internal')).upper()}",
        "startTimeUnixNano": str(start),
        "endTimeUnixNano": str(start + int(span["duration"]) * 1000),
        "resource": {"service.name": trace["processes"][span["processID"]]["serviceName"]},
    }
