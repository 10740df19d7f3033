"""One running system for the tests of a module."""

from collections.abc import Iterator

import pytest
from running_system import System, run_system


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    yield from run_system(tmp_path_factory.mktemp("system"))
