import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.viewer.receive.receiver import Receiver
from sightline.viewer.receive.tally import Tally
from sightline.viewer.store import Store

sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def store() -> Iterator[Store]:
    opened = Store.open(None)
    yield opened
    opened.close()


@pytest.fixture
def tally() -> Tally:
    return Tally()


@pytest.fixture
def receiver(store: Store, tally: Tally) -> Iterator[Receiver]:
    made = Receiver(store, tally)
    yield made
    made.close()
