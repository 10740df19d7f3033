"""Targets added and removed while the viewer runs, as `sightline run --scrape` does."""

import orjson
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Route

from sightline.viewer.receive.targets import Targets, TooManyTargets
from sightline.viewer.setting import Given, SettingError, Target, target

PATH = "/api/targets"
_LONGEST = 8_192


def routes(targets: Targets) -> list[BaseRoute]:
    async def listed(_: Request) -> Response:
        return JSONResponse(list(targets.health()))

    async def added(request: Request) -> Response:
        try:
            targets.add(await _target(request))
        except (SettingError, TooManyTargets) as error:
            return PlainTextResponse(str(error), 400)
        return Response(status_code=204)

    async def removed(request: Request) -> Response:
        try:
            there = await targets.remove(await _target(request))
        except SettingError as error:
            return PlainTextResponse(str(error), 400)
        return Response(status_code=204 if there else 404)

    return [
        Route(PATH, listed),
        Route(PATH, added, methods=["POST"]),
        Route(PATH, removed, methods=["DELETE"]),
    ]


async def _target(request: Request) -> Target:
    """A form of a web page is never JSON, so none can add a target unasked."""
    if request.headers.get("content-type", "").partition(";")[0] != "application/json":
        raise SettingError("send application/json")
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LONGEST:
            raise SettingError(f"more than {_LONGEST} bytes are no target")
    try:
        found = orjson.loads(body)
        text = f"{found['job']}={found['url']}"
    except (orjson.JSONDecodeError, KeyError, TypeError):
        raise SettingError('a target is {"job": NAME, "url": URL}') from None
    return target(Given(text, f"target {text!r}"))
