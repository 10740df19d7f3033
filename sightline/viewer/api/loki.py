"""Loki's query API over the viewer's log records."""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any
from urllib.parse import parse_qsl

import anyio.to_thread
import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sightline.viewer.api import loki_browse as browse
from sightline.viewer.api.loki_answers import matrix, scalar, streams, success, vector
from sightline.viewer.api.loki_parameters import BadParameter, Parameters
from sightline.viewer.api.loki_tail import TailedStore, tail_route
from sightline.viewer.api.refusals import answer_or_refusal
from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.errors import QueryError
from sightline.viewer.logql.metrics import evaluate
from sightline.viewer.logql.parser import parse
from sightline.viewer.logql.samples import Steps
from sightline.viewer.logql.selectors import check_selector, check_selectors
from sightline.viewer.logql.streams import read_lines, thinned
from sightline.viewer.sql.fragment import Questions

Answer = Callable[[Questions, Parameters], Any]
PREFIX = "/loki/api/v1"
MOST_FORM_BYTES = 256 * 1024
CATEGORIZE = "categorize-labels"  # Grafana asks so to tell labels from structured metadata


def routes(store: TailedStore) -> list[BaseRoute]:
    return [
        *(
            Route(PREFIX + path, _endpoint(store, answer), methods=["GET", "POST"])
            for path, answer in _ANSWERS.items()
        ),
        Route(f"{PREFIX}/status/buildinfo", _buildinfo),
        Route("/ready", _ready),
        tail_route(store, f"{PREFIX}/tail"),
    ]


def query_range(store: Questions, parameters: Parameters) -> Any:
    query = parse(parameters.text("query"))
    window = parameters.window()
    if isinstance(query, s.LogQuery):
        return _lines(store, query, parameters)
    step = parameters.step(window)
    steps = Steps.aligned(window.start, window.end, step)
    check_selectors(store, query)
    return success("matrix", matrix(evaluate(store, query, steps), steps))


def _lines(store: Questions, query: s.LogQuery, parameters: Parameters) -> Any:
    check_selector(store, query)
    interval = parameters.duration("interval", 0)
    limit, direction = parameters.lines(), parameters.direction()
    lines = read_lines(store, query, parameters.window(), limit, direction)
    lines = thinned(lines, interval) if interval else lines
    categorized = CATEGORIZE in parameters.text("x-loki-response-encoding-flags")
    flags = {"encodingFlags": [CATEGORIZE]} if categorized else {}
    return success("streams", streams(lines, categorized=categorized), **flags)


def query_instant(store: Questions, parameters: Parameters) -> Any:
    query = parse(parameters.text("query"))
    if isinstance(query, s.LogQuery):
        raise QueryError(
            "log queries are not supported as an instant query type, "
            "please change your query to a range query type"
        )
    steps = Steps(parameters.moment("time"), 1, 1)
    check_selectors(store, query)
    found = evaluate(store, query, steps)
    if isinstance(found, float):
        return success("scalar", scalar(found, steps))
    return success("vector", vector(found, steps))


_ANSWERS: dict[str, Answer] = {
    "/query_range": query_range,
    "/query": query_instant,
    "/labels": browse.labels,
    "/label": browse.labels,
    "/label/{name}/values": browse.label_values,
    "/series": browse.series,
    "/index/stats": browse.stats,
    "/index/volume": browse.volume,
    "/index/volume_range": browse.volume_range,
    "/detected_fields": browse.detected_fields,
    "/detected_field/{name}/values": browse.detected_field_values,
}


async def _buildinfo(_: Request) -> Response:
    """Grafana chooses what to ask by this version: the Loki whose answers these are."""
    build = {"version": "3.7.8", "branch": "sightline", "revision": version("sightline")}
    return JSONResponse(build)


async def _ready(_: Request) -> PlainTextResponse:
    return PlainTextResponse("ready\n")


def _endpoint(store: Questions, answer: Answer) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        given = list(request.query_params.multi_items())
        if request.method == "POST":
            form = await _body(request)
            if form is None:
                return PlainTextResponse(f"the form has more than {MOST_FORM_BYTES} bytes", 413)
            given += parse_qsl(form.decode(errors="replace"), keep_blank_values=True)
        given += [(key, value) for key, value in request.path_params.items()]
        flags = "x-loki-response-encoding-flags"
        given.append((flags, request.headers.get(flags, "")))
        return await anyio.to_thread.run_sync(_answered, store, answer, Parameters(given))

    return endpoint


async def _body(request: Request) -> bytes | None:
    """None where it is longer than any query."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > MOST_FORM_BYTES:
            return None
    return body


def _answered(store: Questions, answer: Answer, parameters: Parameters) -> Response:
    found = answer_or_refusal(lambda: answer(store, parameters), QueryError, BadParameter)
    if isinstance(found, Response):
        return found
    return Response(orjson.dumps(found), media_type="application/json")
