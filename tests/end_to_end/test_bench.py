"""The benchmark's own count: each variant emitted what it claims for the requests it answered."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(240)  # a server for each variant, on a machine that may be busy
RUN = Path(__file__).parents[2] / "benchmarks" / "overhead" / "run.py"


@pytest.fixture(scope="module")
def emitted(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[int]]:
    """The rows of the table of what was emitted, by variant, of one very short round."""
    ended = subprocess.run(
        [sys.executable, str(RUN), "--rounds", "1", "--seconds", "0.5", "--steady-seconds", "0.5"],
        capture_output=True,
        text=True,
        timeout=200,
        check=True,
        cwd=tmp_path_factory.mktemp("bench"),
    )
    table = ended.stdout.split("| variant | requests |")[1]
    rows = [line.strip("| ").split(" | ") for line in table.splitlines() if line.startswith("| ")]
    return {row[0]: [int(cell.replace(",", "")) for cell in row[1:]] for row in rows}


def test_an_instrumented_request_is_one_line_one_count_one_span_one_record(
    emitted: dict[str, list[int]],
) -> None:
    requests, *signals = emitted["sightline+logs"]
    assert requests > 100
    assert signals == [requests] * 4


def test_the_bare_app_emits_nothing(emitted: dict[str, list[int]]) -> None:
    assert emitted["bare"][1:] == [0, 0, 0, 0]
