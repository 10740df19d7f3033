"""The running viewer: its listeners, from a bound socket to a flushed store."""

import asyncio
import contextlib
import logging
import signal
import socket
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from typing import Any

import uvicorn

from sightline.viewer.app import create_app
from sightline.viewer.config import SettingError, Settings, variable
from sightline.viewer.connections import Connection
from sightline.viewer.greeting import greeting
from sightline.viewer.guard import Guard
from sightline.viewer.progress import Progress
from sightline.viewer.receive.grpc_server import otlp_grpc
from sightline.viewer.receive.http import OtlpHttp
from sightline.viewer.receive.keys import Keys
from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.scrape import Scraper
from sightline.viewer.receive.tally import Tally
from sightline.viewer.receive.targets import Targets
from sightline.viewer.rules.evaluator import Evaluator
from sightline.viewer.rules.files import BadRules, Written, load
from sightline.viewer.store import Store
from sightline.viewer.store.retention import Limits

_BACKLOG = 1_024
_FINISH_SECONDS = 5

log = logging.getLogger(__name__)


class _Server(uvicorn.Server):
    """Stops when told; the signals are the viewer's, not each server's."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.ready.set()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    settings: Settings, progress: Progress, *, began: float, with_parent: bool = False
) -> None:
    """Run until a signal to end; everything acknowledged is stored before this returns."""
    stopping = _stop_requested(with_parent=with_parent)
    written = _rules(settings)
    with contextlib.ExitStack() as ports:
        page = ports.enter_context(_bound(settings.host, settings.port, "port"))
        otlp = ports.enter_context(_bound(settings.host, settings.otlp_http_port, "otlp-http-port"))
        # gRPC binds for itself, and says less clearly why it cannot.
        _bound(settings.host, settings.otlp_grpc_port, "otlp-grpc-port").close()
        progress.say(f"opening {settings.data or 'a store in memory'}")
        store = Store.open(settings.data, Limits(settings.retention_seconds, settings.max_bytes))
        try:
            evaluator = Evaluator(store, written, settings.evaluation_seconds)
            async with _running(store, settings, evaluator, page, otlp):
                progress.over()
                text = greeting(settings, store.set_aside, time.monotonic() - began)
                print(text, flush=True)  # noqa: T201 — a command's own output
                await stopping.wait()
        finally:
            store.close()


@contextlib.asynccontextmanager
async def _running(
    store: Store,
    settings: Settings,
    evaluator: Evaluator,
    page: socket.socket,
    otlp: socket.socket,
) -> AsyncIterator[None]:
    tally = Tally()
    receiver = Receiver(store, tally, durable=settings.durable)
    targets = Targets(
        lambda target: Scraper(
            target,
            store,
            tally,
            interval=settings.scrape_seconds,
            environment=settings.environment,
        )
    )
    keys = Keys(settings.otlp_keys)
    guarded = Guard(
        OtlpHttp(receiver, keys), settings.known_hosts, by_address=not settings.is_local
    )
    async with contextlib.AsyncExitStack() as running:
        # The page comes last: when it answers, all the rest is listening.
        running.callback(receiver.close)
        await running.enter_async_context(
            otlp_grpc(receiver, settings.host, settings.otlp_grpc_port, keys)
        )
        await running.enter_async_context(_listening(guarded, otlp))
        running.push_async_callback(targets.close)
        targets.add_all(settings.targets)
        await running.enter_async_context(_going_on(evaluator.run()))
        page_app = create_app(store, tally, settings, targets, evaluator.groups)
        await running.enter_async_context(_listening(page_app, page))
        yield


@contextlib.asynccontextmanager
async def _listening(app: Any, bound: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app,
        http=Connection,
        log_config=None,
        access_log=False,
        lifespan="off",
        server_header=False,
        backlog=_BACKLOG,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=_FINISH_SECONDS,
    )
    server = _Server(config)
    task = asyncio.create_task(server.serve(sockets=[bound]))
    ready = asyncio.create_task(server.ready.wait())
    await asyncio.wait({task, ready}, return_when=asyncio.FIRST_COMPLETED)
    ready.cancel()
    try:
        yield
    finally:
        server.should_exit = True
        await task


@contextlib.asynccontextmanager
async def _going_on(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def _rules(settings: Settings) -> list[Written]:
    try:
        return load(settings.rules) if settings.rules else []
    except BadRules as error:
        raise SettingError(f"--rules: {error}") from error


def _bound(host: str, port: int, flag: str) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError as error:
        bound.close()
        raise SettingError(
            f"port {port} cannot be taken: {error.strerror}. Stop what holds it,"
            f" or choose another: --{flag} {port % 50_000 + 10_000} ({variable(flag)})"
        ) from error
    return bound


def _stop_requested(*, with_parent: bool) -> asyncio.Event:
    """Set by a signal to end; `with_parent`, by the end of the pipe that its starter holds too."""
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, stopping.set)
    if with_parent:
        loop.add_reader(0, stopping.set)
    return stopping
