"""Orders and payments as the tests meet them: orders in this process, payments behind real HTTP."""

import asyncio
import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg  # type: ignore[import-untyped] # ships no types
import httpx2
import uvicorn
from fastapi import FastAPI
from sqlalchemy import select, update
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from orders.app import create_app
from orders.settings import Settings
from orders.tables import Base, NotificationRow, OrderRow, ProductRow
from payments.app import create_app as create_payments
from payments.charges import Charge
from payments.settings import Settings as PaymentsSettings

ORDER = {
    "product_id": 1,
    "quantity": 2,
    "payment_method": "card",
    "currency": "EUR",
    "user_email": "ada@example.com",
}
DECLINED_CARD = "4000 0000 0000 0002"
STUCK_CARD = "4000 0000 0000 3220"


@dataclass
class Shop:
    """A running orders app, what its customers send, and a look into its database."""

    app: FastAPI
    http: httpx2.AsyncClient

    async def place(self, path: str = "/orders", **fields: Any) -> httpx2.Response:
        return await self.http.post(path, json={**ORDER, **fields})

    async def rows(self, table: type[Base]) -> list[Any]:
        async with self.app.state.database.transaction(quiet=True) as session:
            return list((await session.scalars(select(table))).all())

    async def until(self, true: Callable[[list[OrderRow]], bool], seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while not true(orders := await self.rows(OrderRow)):
            assert time.monotonic() < deadline, orders
            await asyncio.sleep(0.05)

    async def order(self) -> OrderRow:
        order: OrderRow
        (order,) = await self.rows(OrderRow)
        return order

    async def mails(self) -> list[NotificationRow]:
        return await self.rows(NotificationRow)

    async def stock(self, product_id: int = 1) -> int:
        products: list[ProductRow] = await self.rows(ProductRow)
        return next(p.stock for p in products if p.id == product_id)

    async def set_stock(self, stock: int, product_id: int = 1, low: int = 0) -> None:
        """With no delivery below `low`: the first round of housekeeping may still be to come."""
        async with self.app.state.database.transaction(quiet=True) as session:
            await session.execute(
                update(ProductRow).where(ProductRow.id == product_id).values(stock=stock, low=low)
            )

    async def age_orders(self, age: timedelta) -> None:
        async with self.app.state.database.transaction(quiet=True) as session:
            await session.execute(update(OrderRow).values(created_at=datetime.now(UTC) - age))

    async def abandon_orders(self) -> None:
        """As if the time had passed in which anybody still works on a pending order."""
        async with self.app.state.database.transaction(quiet=True) as session:
            await session.execute(update(OrderRow).values(abandoned_after=OrderRow.created_at))


@asynccontextmanager
async def open_shop(settings: Settings) -> AsyncIterator[Shop]:
    app = create_app(settings)
    # The app answers 500 by itself; the exception goes on to the server, which is not here.
    transport = httpx2.ASGITransport(app=app, raise_app_exceptions=False)
    async with (
        app.router.lifespan_context(app),
        httpx2.AsyncClient(transport=transport, base_url="http://orders") as http,
    ):
        yield Shop(app, http)


@dataclass
class Gate:
    """The network before payments: it notes what comes, and can lose answers on their way back."""

    app: ASGIApp
    lose_answers: int = 0
    seen: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.seen.append((scope["method"], scope["path"], headers))
        if self.lose_answers == 0:
            await self.app(scope, receive, send)
            return
        self.lose_answers -= 1

        async def lose(_message: Message) -> None:
            """Payments has done its work, and nobody hears of it."""

        await self.app(scope, receive, lose)
        await send({"type": "http.response.start", "status": 502, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    def keys(self) -> list[str]:
        """The idempotency keys of the charges that arrived."""
        return [headers["idempotency-key"] for method, _, headers in self.seen if method == "POST"]


@dataclass
class Payments:
    url: str
    gate: Gate
    _app: FastAPI

    def charge_of(self, key: str) -> Charge | None:
        charge: Charge | None = self._app.state.store.find(key)
        return charge


@contextmanager
def serve_payments(database: Path) -> Iterator[Payments]:
    app = create_payments(PaymentsSettings(database=database))
    gate = Gate(app)
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(
        gate, log_config=None, access_log=False, ws="none", timeout_graceful_shutdown=0
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        wait_until(lambda: server.started, "payments to start")
        yield Payments(f"http://127.0.0.1:{listener.getsockname()[1]}", gate, app)
    finally:
        server.should_exit = True
        thread.join(timeout=15)
        listener.close()


def wait_until(ready: Any, what: str, seconds: float = 30) -> None:
    deadline = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < deadline, f"waited {seconds} s for {what}"
        time.sleep(0.02)


def closed_port() -> int:
    """A port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


def postgres_programs() -> Path | None:
    found = shutil.which("postgres")
    if found:
        return Path(found).parent
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"))
    return installed[-1].parent if installed else None


@contextmanager
def serve_postgres(programs: Path) -> Iterator[int]:
    """A PostgreSQL of our own on a free port; its server refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="orders-postgres-"))
    owner: dict[str, Any] = {}
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
        owner = {"user": "postgres", "group": "postgres", "extra_groups": []}
    data, port = folder / "data", closed_port()
    init = [f"{programs}/initdb", "-D", f"{data}", "-U", "orders", "-A", "trust", "--no-sync"]
    subprocess.run(init, check=True, capture_output=True, cwd=folder, **owner)
    serve = [f"{programs}/postgres", "-D", f"{data}", "-p", str(port), "-h", "127.0.0.1"]
    serve += ["-c", "unix_socket_directories=", "-c", "fsync=off"]
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen(serve, stdout=log, stderr=log, cwd=folder, **owner)
    try:
        wait_until(lambda: _postgres_answers(port), "PostgreSQL to start")
        yield port
    finally:
        server.terminate()
        server.wait(timeout=20)
        shutil.rmtree(folder, ignore_errors=True)


def _postgres_answers(port: int) -> bool:
    try:
        asyncio.run(execute(port, "SELECT 1"))
    except (OSError, asyncpg.PostgresError):
        return False
    return True


async def execute(port: int, statement: str) -> None:
    connection = await asyncpg.connect(
        host="127.0.0.1", port=port, user="orders", database="postgres"
    )
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
