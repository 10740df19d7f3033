"""Loki's query API over the viewer's log records."""

from collections.abc import Callable
from typing import Any

import anyio.to_thread
import duckdb
import orjson
from fastapi import APIRouter, Request, Response
from fastapi.responses import PlainTextResponse

from sightline.viewer.api.loki_answers import matrix, scalar, streams, success, vector
from sightline.viewer.api.loki_parameters import BadParameter, Parameters
from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.errors import QueryError
from sightline.viewer.logql.metrics import evaluate
from sightline.viewer.logql.parser import parse
from sightline.viewer.logql.samples import Steps
from sightline.viewer.logql.selectors import check_selector, check_selectors
from sightline.viewer.logql.streams import read_lines, thinned
from sightline.viewer.sql.fragment import Questions
from sightline.viewer.store.reader import QueryTimeout

Answer = Callable[[Questions, Parameters], Any]
PREFIX = "/loki/api/v1"


def router(store: Questions) -> APIRouter:
    routes = APIRouter()
    for path, answer in _ANSWERS.items():
        routes.add_api_route(path, _endpoint(store, answer), methods=["GET", "POST"])
    return routes


def query_range(store: Questions, parameters: Parameters) -> Any:
    query = parse(parameters.text("query"))
    window = parameters.window()
    if isinstance(query, s.LogQuery):
        interval = parameters.duration("interval", 0)
        check_selector(store, query)
        lines = read_lines(store, query, window, parameters.lines(), parameters.direction())
        return success("streams", streams(thinned(lines, interval) if interval else lines))
    step = parameters.step(window)
    steps = Steps(window.start, step, (window.end - window.start) // step + 1)
    check_selectors(store, query)
    return success("matrix", matrix(evaluate(store, query, steps), steps))


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
    f"{PREFIX}/query_range": query_range,
    f"{PREFIX}/query": query_instant,
}


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
