"""Prometheus' HTTP API over the viewer's own PromQL engine."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial
from importlib.metadata import version
from typing import Any

import orjson
from anyio import CapacityLimiter, to_thread
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from sightline.viewer.api import prometheus_values as values
from sightline.viewer.api.prometheus_params import EARLIEST, LATEST, Params
from sightline.viewer.grammar import TOO_DEEP
from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.errors import BadQueryError, PromqlError
from sightline.viewer.promql.query import Query, Settings
from sightline.viewer.promql.samples import (
    Labels,
    Matcher,
    SampleReader,
    TookTooLong,
    TooManySamples,
)
from sightline.viewer.promql.selectors import selectors_in
from sightline.viewer.promql.spacing import spacing
from sightline.viewer.promql.syntax import parse
from sightline.viewer.promql.values import Grid, label_key, sort_key

SPEAKS = "3.16.0"  # the release whose answers the tests compare with
STATUS = {"bad_data": 400, "execution": 422, "timeout": 503}

Answer = tuple[Any, list[str]]


def routes(
    samples: SampleReader, settings: Settings | None = None, *, parallel: int = 2
) -> list[BaseRoute]:
    """At most `parallel` queries are evaluated at once, each on a thread of its own."""
    api = Api(samples, settings or Settings(), CapacityLimiter(parallel))
    both, read = ("GET", "POST"), ("GET",)
    answers: list[tuple[str, Callable[[Params], Answer], tuple[str, ...]]] = [
        ("/query", api.query, both),
        ("/query_range", api.query_range, both),
        ("/query_exemplars", api.query_exemplars, both),
        ("/format_query", api.format_query, both),
        ("/series", api.series, both),
        ("/labels", api.labels, both),
        ("/label/{name}/values", api.label_values, read),
        ("/metadata", api.metadata, read),
        ("/spacing", api.spacing, read),
        ("/status/buildinfo", api.build_info, read),
    ]
    return [
        Route(f"/api/v1{path}", api.serve(answer), methods=methods)
        for path, answer, methods in answers
    ]


@dataclass(frozen=True, slots=True)
class Api:
    samples: SampleReader
    settings: Settings
    limiter: CapacityLimiter

    def serve(self, handler: Callable[[Params], Answer]) -> Callable[..., Awaitable[Response]]:
        async def endpoint(request: Request) -> Response:
            try:
                params = await Params.of(request)
                params = replace(params, pairs=(*params.pairs, *request.path_params.items()))
                work = partial(handler, params)
                data, warnings = await to_thread.run_sync(work, limiter=self.limiter)
            except PromqlError as error:
                return failure(error.kind, str(error))
            except TooManySamples as error:
                return failure("execution", str(error))
            except TookTooLong as error:
                return failure("timeout", str(error))
            except RecursionError:
                return failure("bad_data", TOO_DEEP)
            return success(data, warnings)

        return endpoint

    def query(self, params: Params) -> Answer:
        when = params.time("time", now_ms())
        limit = params.limit()
        data = values.instant(self._engine(params).instant(params.text("query"), when), when)
        return _limited(data, limit)

    def query_range(self, params: Params) -> Answer:
        start, end, step = params.time("start"), params.time("end"), params.duration("step")
        limit = params.limit()
        if end < start:
            raise BadQueryError(
                'invalid parameter "end": end timestamp must not be before start time'
            )
        if step <= 0:
            raise BadQueryError(
                'invalid parameter "step": zero or negative query resolution step widths are not '
                "accepted. Try a positive integer"
            )
        value = self._engine(params).range(params.text("query"), start, end, step)
        return _limited(values.matrix(value, Grid(start, end, step).times), limit)

    def _engine(self, params: Params) -> Engine:
        allowed = self.settings.timeout_seconds
        wanted = params.duration("timeout", round(allowed * 1000)) / 1000
        lookback = params.duration("lookback_delta", self.settings.lookback_ms)
        if lookback <= 0:
            raise BadQueryError('invalid parameter "lookback_delta": it must be positive')
        return Engine(
            self.samples,
            replace(self.settings, timeout_seconds=min(wanted, allowed), lookback_ms=lookback),
        )

    def query_exemplars(self, params: Params) -> Answer:
        start, end = params.time("start", EARLIEST), params.time("end", LATEST)
        if end < start:
            raise BadQueryError(
                'invalid parameter "end": end timestamp must not be before start time'
            )
        found = {}
        for matchers in selectors_in(parse(params.text("query"))):
            for labels, exemplars in self.samples.exemplars(matchers, start, end):
                found[label_key(labels)] = (labels, exemplars)
        ordered = sorted(found.values(), key=lambda each: sort_key(each[0]))
        return values.exemplars(ordered), []

    def format_query(self, params: Params) -> Answer:
        return parse(params.text("query")).prettify(), []

    def series(self, params: Params) -> Answer:
        selectors = params.selectors()
        if not selectors:
            raise BadQueryError("no match[] parameter provided")
        start, end = _span(params)
        found: dict[object, Labels] = {}
        for matchers in selectors:
            for labels in self.samples.series(matchers, start, end):
                found[label_key(labels)] = labels
        return values.truncated(sorted(found.values(), key=sort_key), params.limit())

    def labels(self, params: Params) -> Answer:
        start, end = _span(params)
        names: set[str] = set()
        for matchers in params.selectors() or [no_matchers()]:
            names.update(self.samples.label_names(matchers, start, end))
        return values.truncated(sorted(names), params.limit())

    def label_values(self, params: Params) -> Answer:
        name = unescaped(params.all("name")[-1])
        start, end = _span(params)
        found: set[str] = set()
        for matchers in params.selectors() or [no_matchers()]:
            found.update(self.samples.label_values(name, matchers, start, end))
        return values.truncated(sorted(found), params.limit())

    def metadata(self, params: Params) -> Answer:
        wanted, limit = params.text("metric"), params.limit()
        found = dict(sorted(self.samples.metadata().items()))
        if wanted:
            found = {wanted: found[wanted]} if wanted in found else {}
        kept = dict(list(found.items())[:limit])
        return values.metadata(kept, params.limit("limit_per_metric")), []

    def spacing(self, params: Params) -> Answer:
        """The viewer's own: Grafana is told by hand how often its Prometheus scrapes."""
        start, end = _span(params)
        selections = selectors_in(parse(params.text("query")))
        query = Query.begin(self.samples, self._engine(params).settings, Grid(end, end, 1))
        return spacing(query, selections, start, end), []

    def build_info(self, _: Params) -> Answer:
        own = version("sightline")
        return {"version": f"{SPEAKS}+sightline.{own}", "application": "sightline"}, []


def now_ms() -> int:
    return time.time_ns() // 1_000_000


def no_matchers() -> list[Matcher]:
    return []


def _span(params: Params) -> tuple[int, int]:
    start, end = params.time("start", EARLIEST), params.time("end", LATEST)
    if end < start:
        raise BadQueryError('invalid parameter "end": end timestamp must not be before start time')
    return start, end


def _limited(data: dict[str, Any], limit: int | None) -> Answer:
    if data["resultType"] not in ("vector", "matrix"):
        return data, []
    result, warnings = values.truncated(data["result"], limit)
    return {**data, "result": result}, warnings


def unescaped(name: str) -> str:
    """A label name with other than [a-zA-Z0-9_] may come as U__ with _hex_ in it."""
    if not name.startswith("U__"):
        return name
    parts = name.removeprefix("U__").replace("__", "\0").split("_")
    try:
        odd = [chr(int(part, 16)) for part in parts[1::2]]
    except ValueError:
        raise BadQueryError(f'invalid label name: "{name}"') from None
    even = [*parts[0::2]]
    text = "".join(a + b for a, b in zip(even, [*odd, ""], strict=False))
    return text.replace("\0", "_")


def success(data: Any, warnings: list[str]) -> Response:
    body = {"status": "success", "data": data, **({"warnings": warnings} if warnings else {})}
    return _json(body, 200)


def failure(kind: str, error: str) -> Response:
    return _json({"status": "error", "errorType": kind, "error": error}, STATUS.get(kind, 500))


def _json(body: Any, status: int) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")
