"""Fixtures of the sample system's tests."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sample_system import (
    Payments,
    Shop,
    execute,
    open_shop,
    postgres_programs,
    serve_payments,
    serve_postgres,
)
from sqlalchemy import URL, make_url

from orders.settings import Settings

TIMEOUT_SECONDS = 0.4


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(autouse=True)
def _nothing_is_exported(monkeypatch: pytest.MonkeyPatch) -> None:
    for signal in ("TRACES", "LOGS", "METRICS"):
        monkeypatch.setenv(f"OTEL_{signal}_EXPORTER", "none")


@pytest.fixture(scope="session")
def postgres_port() -> Iterator[int]:
    programs = postgres_programs()
    if programs is None:
        pytest.skip("no PostgreSQL server is installed here (Debian's package: postgresql)")
    with serve_postgres(programs) as port:
        yield port


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> URL:
    """Each promise is made for both databases."""
    if request.param == "sqlite":
        return make_url(f"sqlite+aiosqlite:///{tmp_path}/orders.db")
    port = request.getfixturevalue("postgres_port")
    name = f"orders_{secrets.token_hex(6)}"
    asyncio.run(execute(port, f"CREATE DATABASE {name}"))
    return make_url(f"postgresql+asyncpg://orders@127.0.0.1:{port}/{name}")


@pytest.fixture
def payments(tmp_path: Path) -> Iterator[Payments]:
    with serve_payments(tmp_path / "payments.db") as served:
        yield served


@pytest.fixture
def settings(database_url: URL, payments: Payments) -> Settings:
    return Settings(
        database_url=database_url,
        payments_url=payments.url,
        payments_timeout=TIMEOUT_SECONDS,
        faults_enabled=True,
        housekeeping_seconds=3600,
    )


@pytest.fixture
async def shop(settings: Settings) -> AsyncIterator[Shop]:
    async with open_shop(settings) as opened:
        yield opened


@pytest.fixture(scope="session")
def _span_exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


_watched: list[object] = []


@pytest.fixture
def spans(_span_exporter: InMemorySpanExporter, shop: Shop) -> Iterator[InMemorySpanExporter]:
    """The spans that end during the test, SQL's and the HTTP client's among them."""
    provider = trace.get_tracer_provider()
    assert shop is not None
    assert isinstance(provider, TracerProvider)
    if provider not in _watched:
        _watched.append(provider)
        provider.add_span_processor(SimpleSpanProcessor(_span_exporter))
    _span_exporter.clear()
    yield _span_exporter
    _span_exporter.clear()
