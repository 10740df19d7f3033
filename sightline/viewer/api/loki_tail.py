"""Loki's live tail over a WebSocket: lines at receipt, and how many a slow client missed."""

import asyncio
import contextlib
import time
from typing import Any, Protocol

import anyio
import anyio.to_thread
import duckdb
import orjson
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from sightline.viewer.api.loki_answers import streams
from sightline.viewer.api.loki_parameters import MOST_LINES, BadParameter, Parameters
from sightline.viewer.grammar import TOO_DEEP
from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.errors import QueryError
from sightline.viewer.logql.live import matching_lines
from sightline.viewer.logql.parser import parse_log_query
from sightline.viewer.logql.selectors import check_selector
from sightline.viewer.logql.streams import Line, Window, read_lines
from sightline.viewer.sql.fragment import Questions
from sightline.viewer.store.reader import QueryTimeout
from sightline.viewer.store.tail import Tail
from sightline.viewer.store.writer import NotStored

QUEUED_LINES, MOST_TAILS = 2_000, 10
_MOST_DROPPED = 10_000  # named in one message; the rest follow in the next
_TOGETHER_SECONDS = 0.1  # a burst of requests is one message
_FLUSH_SECONDS = 5  # a store that takes longer tells its trouble on the status page
_REASON_BYTES = 120  # what a WebSocket's closing may say
_POLICY, _INTERNAL = 1008, 1011


class TailedStore(Questions, Protocol):
    """A store that also hands out log rows at receipt."""

    @property
    def tail(self) -> Tail: ...

    def flush(self, timeout: float, /) -> None: ...


def tail_route(store: TailedStore, path: str) -> WebSocketRoute:
    open_tails: set[WebSocket] = set()

    async def tail(socket: WebSocket) -> None:
        await socket.accept()
        try:
            _make_room(open_tails, socket)
            parameters = Parameters(socket.query_params.multi_items())
            query = await anyio.to_thread.run_sync(_asked, store, parameters)
            await _until_closed(socket, _Client(socket, store, query, parameters))
        except (QueryError, BadParameter) as bad:
            await _close(socket, _POLICY, str(bad))
        except RecursionError:
            await _close(socket, _POLICY, TOO_DEEP)
        except (QueryTimeout, duckdb.Error) as failed:
            await _close(socket, _INTERNAL, str(failed))
        except WebSocketDisconnect:
            pass  # the client has gone, which is how a tail ends
        finally:
            open_tails.discard(socket)

    return WebSocketRoute(path, tail)


def _make_room(open_tails: set[WebSocket], socket: WebSocket) -> None:
    if len(open_tails) >= MOST_TAILS:
        raise QueryError(f"{MOST_TAILS} live tails are open, which is the most; close one")
    open_tails.add(socket)


def _asked(store: Questions, parameters: Parameters) -> s.LogQuery:
    query = parse_log_query(parameters.text("query"))
    check_selector(store, query)
    parameters.window()
    return query


async def _close(socket: WebSocket, code: int, reason: str) -> None:
    await socket.close(code, reason.encode()[:_REASON_BYTES].decode(errors="ignore"))


async def _until_closed(socket: WebSocket, client: "_Client") -> None:
    """Sends until the client goes, which only its next message tells."""
    failed: list[Exception] = []
    async with anyio.create_task_group() as tasks:

        async def leave() -> None:
            while (await socket.receive())["type"] != "websocket.disconnect":
                pass  # nothing that a client says matters here but its going
            tasks.cancel_scope.cancel()

        tasks.start_soon(leave)
        try:
            await client.send_lines()
        except (QueryTimeout, WebSocketDisconnect, duckdb.Error) as failure:
            failed.append(failure)
            tasks.cancel_scope.cancel()
    if failed:
        raise failed[0]


class _Client:
    def __init__(
        self, socket: WebSocket, store: TailedStore, query: s.LogQuery, parameters: Parameters
    ) -> None:
        self._socket = socket
        self._store = store
        self._query = query
        self._limit = min(parameters.limit(), MOST_LINES)
        self._window = parameters.window()
        self._told = 0

    async def send_lines(self) -> None:
        """What is stored since `start`, then what arrives; no line twice."""
        with self._store.tail.subscribe(QUEUED_LINES) as arriving:
            window = Window(self._window.start, time.time_ns() + 1)
            known = await anyio.to_thread.run_sync(self._stored, window)
            shown = {line.seq for line in known}
            if known:
                await self._send(known[::-1], 0)
            while True:
                rows = await arriving.get()
                fresh = [row for row in rows if row["seq"] not in shown]
                lines = await anyio.to_thread.run_sync(
                    matching_lines, self._store, self._query, fresh
                )
                await self._send(lines, arriving.skipped - self._told)
                await asyncio.sleep(_TOGETHER_SECONDS)

    def _stored(self, window: Window) -> list[Line]:
        # What arrived just before the subscription is on its way to where lines are read.
        with contextlib.suppress(TimeoutError, NotStored):
            self._store.flush(_FLUSH_SECONDS)
        return read_lines(self._store, self._query, window, self._limit, "backward")

    async def _send(self, lines: list[Line], dropped: int) -> None:
        named = min(dropped, _MOST_DROPPED)
        self._told += named
        message: dict[str, Any] = {"streams": streams(lines)} if lines else {}
        if named:
            message["dropped_entries"] = [{"timestamp": str(time.time_ns())}] * named
        if message:
            await self._socket.send_text(orjson.dumps(message).decode())
