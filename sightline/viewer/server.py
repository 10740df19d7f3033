"""The running viewer: its listeners, from a bound socket to a flushed store."""

import asyncio
import contextlib
import logging
import signal
import socket
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from typing import Any

import uvicorn

from sightline.viewer.app import create_app
from sightline.viewer.config import SettingError, Settings, variable
from sightline.viewer.guard import Guard
from sightline.viewer.receive.grpc_server import otlp_grpc
from sightline.viewer.receive.http import OtlpHttp
from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.scrape import Scraper
from sightline.viewer.receive.tally import Tally
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


async def serve(settings: Settings, announce: Callable[[str], None]) -> None:
    """Run until SIGINT or SIGTERM; everything acknowledged is stored before this returns."""
    with contextlib.ExitStack() as ports:
        page = ports.enter_context(_bound(settings.host, settings.port, "port"))
        otlp = ports.enter_context(_bound(settings.host, settings.otlp_http_port, "otlp-http-port"))
        # gRPC binds for itself, and says less clearly why it cannot.
        _bound(settings.host, settings.otlp_grpc_port, "otlp-grpc-port").close()
        store = Store.open(settings.data, Limits(settings.retention_seconds, settings.max_bytes))
        try:
            async with _running(store, settings, page, otlp):
                announce(_greeting(settings, store))
                await _stop_requested()
        finally:
            store.close()


@contextlib.asynccontextmanager
async def _running(
    store: Store, settings: Settings, page: socket.socket, otlp: socket.socket
) -> AsyncIterator[None]:
    tally = Tally()
    receiver = Receiver(store, tally, durable=settings.durable)
    scrapers = [
        Scraper(
            target,
            store,
            tally,
            interval=settings.scrape_seconds,
            environment=settings.environment,
        )
        for target in settings.targets
    ]
    guarded = Guard(OtlpHttp(receiver), settings.allowed_hosts)
    async with contextlib.AsyncExitStack() as running:
        # The page comes last: when it answers, all the rest is listening.
        running.callback(receiver.close)
        await running.enter_async_context(
            otlp_grpc(receiver, settings.host, settings.otlp_grpc_port)
        )
        await running.enter_async_context(_listening(guarded, otlp))
        await running.enter_async_context(_scraping(scrapers))
        page_app = create_app(store, tally, settings, scrapers)
        await running.enter_async_context(_listening(page_app, page))
        yield


@contextlib.asynccontextmanager
async def _listening(app: Any, bound: socket.socket) -> AsyncIterator[None]:
    config = uvicorn.Config(
        app,
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
async def _scraping(scrapers: Sequence[Scraper]) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(scraper.run()) for scraper in scrapers]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


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


async def _stop_requested() -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopping.set)
    await stopping.wait()


def _greeting(settings: Settings, store: Store) -> str:
    lines = [f"Sightline: http://{settings.host}:{settings.port}"]
    lines.append(f"  OTLP: http {settings.otlp_http_port}, grpc {settings.otlp_grpc_port}")
    lines.append(f"  data: {settings.data or 'in memory'}")
    lines += [f"  scraping {t.job}: {t.url}" for t in settings.targets]
    if store.set_aside:
        lines.append(f"  note: {store.set_aside}")
    return "\n".join(lines)
