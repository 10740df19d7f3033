"""Tempo's query API over the viewer's spans."""

import re
from typing import Annotated, Any

import anyio.to_thread
import orjson
from fastapi import APIRouter, Header, Request, Response
from fastapi.responses import PlainTextResponse

from sightline.viewer.sql.fragment import Questions
from sightline.viewer.traceql.otlp import resource_spans_json, traces_data
from sightline.viewer.traceql.trace import Span, read_trace

PROTOBUF = "application/protobuf"
_HEX = re.compile(r"[0-9a-fA-F]+")
_ID_DIGITS, _NANOS_DIGITS = 32, 19
_LOW_BITS = 0x7F


class BadRequest(Exception):  # noqa: N818 — its name is its status
    """The message names the value and what would be right."""


def router(store: Questions) -> APIRouter:
    routes = APIRouter()
    _add_traces(routes, store)
    _add_small_answers(routes)
    return routes


def _add_traces(routes: APIRouter, store: Questions) -> None:
    async def spans_of(trace_id: str, hints: dict[str, str]) -> list[Span]:
        start, end = _hinted_times(hints)
        return await anyio.to_thread.run_sync(
            read_trace, store, normal_trace_id(trace_id), start, end
        )

    @routes.get("/api/traces/{trace_id}")
    async def trace(
        trace_id: str, request: Request, accept: Annotated[str, Header()] = ""
    ) -> Response:
        try:
            spans = await spans_of(trace_id, dict(request.query_params))
        except BadRequest as bad:
            return PlainTextResponse(str(bad), 400)
        if not spans:
            return PlainTextResponse("", 404)
        if accept == PROTOBUF:
            return Response(traces_data(spans).SerializeToString(), media_type=PROTOBUF)
        return _json({"batches": resource_spans_json(spans)})

    @routes.get("/api/v2/traces/{trace_id}")
    async def trace_v2(
        trace_id: str, request: Request, accept: Annotated[str, Header()] = ""
    ) -> Response:
        try:
            spans = await spans_of(trace_id, dict(request.query_params))
        except BadRequest as bad:
            return PlainTextResponse(str(bad), 400)
        if not spans:
            return PlainTextResponse("", 404)
        if accept == PROTOBUF:
            found = traces_data(spans).SerializeToString()
            return Response(b"\x0a" + _varint(len(found)) + found, media_type=PROTOBUF)
        return _json({"trace": {"resourceSpans": resource_spans_json(spans)}, "metrics": {}})


def _add_small_answers(routes: APIRouter) -> None:
    @routes.get("/api/echo")
    async def echo() -> Response:
        return PlainTextResponse("echo")


def normal_trace_id(given: str) -> str:
    """32 lower-case hex digits; a shorter id is padded, as Tempo does."""
    wrong = next((i for i, c in enumerate(given) if not _HEX.fullmatch(c)), None)
    if wrong is not None:
        raise BadRequest(
            "trace IDs can only contain hex characters: "
            f"invalid character {given[wrong]!r} at position {wrong + 1}"
        )
    if len(given) > _ID_DIGITS:
        raise BadRequest("trace IDs can't be larger than 128 bits")
    return given.lower().rjust(_ID_DIGITS, "0")


def _hinted_times(given: dict[str, str]) -> tuple[int | None, int | None]:
    """Tempo's `start` and `end` in seconds, or the viewer's own `ts` of any unit."""
    if given.get("ts"):
        moment = _nanoseconds("ts", given["ts"])
        return moment, moment
    if not given.get("start") or not given.get("end"):
        return None, None
    start, end = (_nanoseconds(name, given[name]) for name in ("start", "end"))
    if end <= start:
        raise BadRequest(
            "http parameter start must be before end. "
            f"received start={given['start']} end={given['end']}"
        )
    return start, end


def _nanoseconds(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > _NANOS_DIGITS:
        raise BadRequest(f"invalid {name}: {value[:60]!r} is no time in whole seconds")
    number = int(value)
    while number and number < 10 ** (_NANOS_DIGITS - 2):
        number *= 1000
    return number


def _varint(number: int) -> bytes:
    found = bytearray()
    while number > _LOW_BITS:
        found.append(number & _LOW_BITS | 0x80)
        number >>= 7
    return bytes([*found, number])


def _json(answer: Any) -> Response:
    return Response(orjson.dumps(answer), media_type="application/json")
