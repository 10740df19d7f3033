"""The engine, its sessions, and the one place where the database can be made slow."""

import sqlite3
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import anyio
import structlog
from sqlalchemy import URL, Connection, event, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext import asyncio as sqlalchemy_asyncio
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession

from orders.catalogue import FULL_STOCK, LOW_STOCK, PRODUCTS
from orders.errors import database_unavailable
from orders.faults import FaultName, Faults
from orders.tables import Base, PriceRow, ProductRow

BUSY_SECONDS = 10
POOL: dict[str, Any] = {"pool_size": 20, "max_overflow": 0, "pool_timeout": BUSY_SECONDS}
QUIET = {"orders_quiet": True}
PREPARING_AGAIN, PREPARING_PAUSE = 3, 0.1
log = structlog.get_logger(__name__)


class Database:
    def __init__(self, url: URL, faults: Faults) -> None:
        self._engine = _engine(url)
        self._prepare_connections(faults)
        self._sessions = sqlalchemy_asyncio.async_sessionmaker(self._engine, expire_on_commit=False)

    async def close(self) -> None:
        await self._engine.dispose()

    @asynccontextmanager
    async def transaction(self, *, quiet: bool = False) -> AsyncIterator[AsyncSession]:
        """One transaction; quiet ones (our own upkeep) are spared the slow-db fault."""
        try:
            async with self._sessions() as session, session.begin():
                if quiet:
                    await session.connection(execution_options=QUIET)
                yield session
        except (OSError, PoolTimeoutError, OperationalError, InterfaceError) as error:
            log.exception("database.unavailable")
            raise database_unavailable() from error
        except DBAPIError as error:
            if not error.connection_invalidated:
                raise
            log.exception("database.unavailable")
            raise database_unavailable() from error

    async def check(self, seconds: float) -> None:
        with anyio.fail_after(seconds):
            async with self._engine.connect() as connection:
                await connection.execute(text("SELECT 1"), execution_options=QUIET)

    async def prepare(self) -> None:
        """Make the tables and the catalogue where they are not there yet.

        Workers that start at once do it at once: who comes second finds it made, and looks again.
        """
        for _ in range(PREPARING_AGAIN):
            try:
                await self._make()
            except (IntegrityError, OperationalError):
                await anyio.sleep(PREPARING_PAUSE)
            else:
                return
        await self._make()

    async def _make(self) -> None:
        async with self._engine.begin() as connection:
            await connection.run_sync(_create_tables)
        async with self._sessions() as session, session.begin():
            for product in PRODUCTS:
                if await session.get(ProductRow, product.id) is None:
                    session.add(
                        ProductRow(
                            id=product.id,
                            name=product.name,
                            stock=FULL_STOCK,
                            low=LOW_STOCK,
                            full=FULL_STOCK,
                        )
                    )
                    await session.flush()
                for currency, unit_minor in product.prices.items():
                    await session.merge(
                        PriceRow(product_id=product.id, currency=currency, unit_minor=unit_minor)
                    )

    def _prepare_connections(self, faults: Faults) -> None:
        engine = self._engine.sync_engine
        if engine.dialect.name == "sqlite":
            event.listen(engine, "connect", _prepare_sqlite)
        if faults.enabled:
            event.listen(engine, "begin", _mark_begin)
            event.listen(engine, "before_cursor_execute", _SlowStatement(faults))


class _SlowStatement:
    """Sleeps in the database within the span of the statement that is about to run.

    Registered after the instrumentation, whose span is open by then; no lock is held yet,
    since only a transaction's first statement is delayed.
    """

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def __call__(
        self,
        connection: Connection,
        cursor: Any,
        _statement: str,
        _parameters: Any,
        _context: Any,
        _executemany: bool,  # noqa: FBT001 — SQLAlchemy's own signature
    ) -> None:
        if not connection.info.pop("first_statement", False):
            return
        if connection.get_execution_options().get("orders_quiet"):
            return
        if fault := self._faults.struck(FaultName.SLOW_DB):
            cursor.execute(f"SELECT pg_sleep({fault.delay_seconds:f})")  # a checked float


def _mark_begin(connection: Connection) -> None:
    connection.info["first_statement"] = True


def _engine(url: URL) -> AsyncEngine:
    # Looked up when called: instrumentation replaces this very name.
    create = sqlalchemy_asyncio.create_async_engine
    if url.get_backend_name() == "sqlite":
        return create(url, connect_args={"timeout": BUSY_SECONDS}, **POOL)
    return create(url, pool_pre_ping=True, connect_args={"timeout": BUSY_SECONDS}, **POOL)


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in ("journal_mode = WAL", "synchronous = NORMAL", "foreign_keys = ON"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()
    # PostgreSQL's name for it; it runs in the connection's own thread.
    connection.create_function("pg_sleep", 1, _sleep)


def _sleep(seconds: float) -> None:
    time.sleep(seconds)


def _create_tables(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        # Two processes that start at once take turns.
        connection.execute(text("SELECT pg_advisory_xact_lock(7210)"))
    Base.metadata.create_all(connection)


DATABASE_ERRORS = (OSError, DBAPIError, PoolTimeoutError, sqlite3.Error)
