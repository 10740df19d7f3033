"""Tempo's query API over the viewer's spans."""

from collections.abc import Callable, Mapping
from importlib.metadata import version
from typing import Any

import anyio.to_thread
import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sightline.viewer.api.refusals import answer_or_refusal
from sightline.viewer.api.tempo_parameters import (
    BadParameter,
    hinted_times,
    normal_trace_id,
    positive,
    window,
)
from sightline.viewer.api.tempo_search import found_json, query_of
from sightline.viewer.sql.fragment import Questions
from sightline.viewer.traceql import tags
from sightline.viewer.traceql.otlp import resource_spans_json, traces_data
from sightline.viewer.traceql.parser import QueryError
from sightline.viewer.traceql.search import search
from sightline.viewer.traceql.service_map import service_map
from sightline.viewer.traceql.trace import Span, read_trace

Given = Mapping[str, str]
Answer = Callable[[Questions, Given], Any]
PROTOBUF = "application/protobuf"
_LIMIT, _MOST_TRACES = 20, 1_000
_SPANS_SHOWN, _MOST_SPANS_SHOWN = 3, 100
_LOW_BITS = 0x7F


def routes(store: Questions) -> list[BaseRoute]:
    return [
        *(Route(path, _endpoint(store, answer)) for path, answer in _ANSWERS.items()),
        Route("/api/echo", _echo),
        Route("/api/status/buildinfo", _buildinfo),
    ]


def trace(store: Questions, given: Given) -> Response:
    spans = _spans(store, given)
    if not spans:
        return PlainTextResponse("trace not found", 404)
    if given["accept"] == PROTOBUF:
        return Response(traces_data(spans).SerializeToString(), media_type=PROTOBUF)
    return _json({"batches": resource_spans_json(spans)})


def trace_v2(store: Questions, given: Given) -> Response:
    spans = _spans(store, given)
    if not spans:
        return PlainTextResponse("trace not found", 404)
    if given["accept"] == PROTOBUF:
        # TraceByIDResponse: the trace is its field 1, which has the fields of TracesData.
        found = traces_data(spans).SerializeToString()
        return Response(b"\x0a" + _varint(len(found)) + found, media_type=PROTOBUF)
    return _json({"trace": {"resourceSpans": resource_spans_json(spans)}, "metrics": {}})


def _spans(store: Questions, given: Given) -> list[Span]:
    return read_trace(store, normal_trace_id(given["trace_id"]), *hinted_times(given))


def search_traces(store: Questions, given: Given) -> Any:
    start, end = window(given)
    limit = positive(given, "limit", _LIMIT)
    if limit > _MOST_TRACES:
        raise BadParameter(f"limit {limit} exceeds max limit {_MOST_TRACES}")
    shown = min(positive(given, "spss", _SPANS_SHOWN), _MOST_SPANS_SHOWN)
    found = search(store, query_of(given), start, end, limit)
    return {
        "traces": [found_json(each, shown) for each in found],
        "metrics": {"inspectedTraces": len(found), "completedJobs": 1, "totalJobs": 1},
    }


def tag_names(store: Questions, given: Given) -> Any:
    found = tags.names(store, *window(given))
    return {"tagNames": sorted({*found["resource"], *found["span"]}), "metrics": {}}


def tag_names_v2(store: Questions, given: Given) -> Any:
    found = tags.names(store, *window(given))
    scope = given.get("scope") or "none"
    if scope != "none" and scope not in found:
        raise BadParameter(f"invalid scope: {scope[:60]!r}; one of {', '.join(found)}")
    scopes = [{"name": k, "tags": names} for k, names in found.items() if scope in ("none", k)]
    return {"scopes": scopes, "metrics": {}}


def tag_values(store: Questions, given: Given) -> Any:
    found = tags.values(store, given["tag"], "", *window(given))
    return {"tagValues": [each.value for each in found], "metrics": {}}


def tag_values_v2(store: Questions, given: Given) -> Any:
    found = tags.values(store, given["tag"], given.get("q", ""), *window(given))
    return {"tagValues": [each._asdict() for each in found], "metrics": {}}


def services(store: Questions, given: Given) -> Any:
    """The viewer's own: Tempo leaves this to its metrics generator."""
    nodes, edges = service_map(store, *window(given))
    return {
        "nodes": [node._asdict() for node in nodes],
        "edges": [edge._asdict() for edge in edges],
    }


_ANSWERS: dict[str, Answer] = {
    "/api/traces/{trace_id}": trace,
    "/api/v2/traces/{trace_id}": trace_v2,
    "/api/service-map": services,
    "/api/search": search_traces,
    "/api/search/tags": tag_names,
    "/api/v2/search/tags": tag_names_v2,
    "/api/search/tag/{tag:path}/values": tag_values,
    "/api/v2/search/tag/{tag:path}/values": tag_values_v2,
}


async def _echo(_: Request) -> PlainTextResponse:
    return PlainTextResponse("echo")


async def _buildinfo(_: Request) -> Response:
    """Grafana chooses what to ask by this version: the Tempo whose answers these are."""
    build = {"version": "3.0.3", "branch": "sightline", "revision": version("sightline")}
    return JSONResponse(build)


def _endpoint(store: Questions, answer: Answer) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        given = {**request.query_params, **request.path_params}
        given["accept"] = request.headers.get("accept", "")
        return await anyio.to_thread.run_sync(_answered, store, answer, given)

    return endpoint


def _answered(store: Questions, answer: Answer, given: Given) -> Response:
    found = answer_or_refusal(lambda: answer(store, given), QueryError, BadParameter)
    return found if isinstance(found, Response) else _json(found)


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > _LOW_BITS:
        found.append(number & _LOW_BITS | 0x80)
        number >>= 7
    return bytes([*found, number])


def _json(answer: Any) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
