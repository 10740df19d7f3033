"""Loki's query API over the viewer's log records."""

from collections.abc import Callable
from typing import Any

import anyio.to_thread
import duckdb
import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from sightline.viewer.api.loki_parameters import BadParameter, Parameters
from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.errors import QueryError
from sightline.viewer.logql.parser import parse
from sightline.viewer.logql.streams import as_streams, read_lines, thinned
from sightline.viewer.sql.fragment import Questions
from sightline.viewer.store.reader import QueryTimeout

Answer = Callable[[Questions, Parameters], Any]
PREFIX = "/loki/api/v1"


def router(store: Questions) -> APIRouter:
    routes = APIRouter()
    for path, answer in {f"{PREFIX}/query_range": query_range}.items():
        routes.add_api_route(path, _endpoint(store, answer), methods=["GET", "POST"])
    return routes


def query_range(store: Questions, parameters: Parameters) -> Any:
    query = parse(parameters.text("query"))
    window = parameters.window()
    if not isinstance(query, s.LogQuery):
        raise QueryError("metric queries come soon")
    interval = parameters.duration("interval", 0)
    lines = read_lines(store, query, window, parameters.lines(), parameters.direction())
    return _success("streams", _streams(thinned(lines, interval) if interval else lines))


def _streams(lines: Any) -> list[Any]:
    return [
        {"stream": stream.labels, "values": [[str(ts), text] for ts, text in stream.values]}
        for stream in as_streams(lines)
    ]


def _success(kind: str, result: list[Any]) -> Any:
    return {"status": "success", "data": {"resultType": kind, "result": result, "stats": {}}}


def _endpoint(store: Questions, answer: Answer) -> Callable[[Request], Any]:
    async def endpoint(request: Request) -> Response:
        given = dict(request.query_params)
        if request.method == "POST":
            form = await request.form()
            given.update({key: value for key, value in form.items() if isinstance(value, str)})
        return await anyio.to_thread.run_sync(_answered, store, answer, given)

    return endpoint


def _answered(store: Questions, answer: Answer, given: dict[str, str]) -> Response:
    try:
        found = answer(store, Parameters(given))
    except (QueryError, BadParameter) as bad:
        return PlainTextResponse(str(bad), 400)
    except QueryTimeout as late:
        return PlainTextResponse(str(late), 504)
    except duckdb.InvalidInputException as bad:
        return PlainTextResponse(f"parse error : {bad}", 400)
    return Response(orjson.dumps(found), media_type="application/json")
