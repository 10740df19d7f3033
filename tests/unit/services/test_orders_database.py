"""The database is made once, however many workers start on it at the same moment."""

import multiprocessing
from pathlib import Path
from typing import Any

import anyio
import pytest
from sqlalchemy import func, make_url, select

from orders.catalogue import PRODUCTS
from orders.database import Database
from orders.faults import Faults
from orders.tables import ProductRow

WORKERS = 3
ROUNDS = 3


def _prepare(path: Path, together: Any, answers: Any) -> None:
    for number in range(ROUNDS):
        together.wait(timeout=60)
        try:
            anyio.run(_make_and_count, path / f"orders{number}.db", answers)
        except BaseException as error:  # noqa: BLE001 — whatever it is, the test says it
            answers.put(repr(error))


async def _make_and_count(file: Path, answers: Any) -> None:
    database = Database(make_url(f"sqlite+aiosqlite:///{file}"), Faults(enabled=False))
    await database.prepare()
    async with database.transaction() as session:
        answers.put(await session.scalar(select(func.count()).select_from(ProductRow)))
    await database.close()


@pytest.mark.timeout(180)
def test_workers_that_start_at_once_on_an_empty_database_all_start(tmp_path: Path) -> None:
    spawn = multiprocessing.get_context("spawn")
    together, answers = spawn.Barrier(WORKERS), spawn.Queue()
    workers = [
        spawn.Process(target=_prepare, args=(tmp_path, together, answers)) for _ in range(WORKERS)
    ]
    for worker in workers:
        worker.start()
    found = [answers.get(timeout=120) for _ in range(WORKERS * ROUNDS)]
    for worker in workers:
        worker.join(timeout=60)
    assert found == [len(PRODUCTS)] * WORKERS * ROUNDS
