"""The viewer's benchmark in its quick size: what it sends is stored, what it asks has answers."""

import subprocess
import sys
from pathlib import Path

import pytest

RUN = Path(__file__).parents[2] / "benchmarks" / "viewer" / "run.py"
QUESTIONS = {
    "panel, LogQL",
    "panel, PromQL",
    "panel, TraceQL",
    "panel, log volume by level",
    "service map",
    "substring in an hour of logs",
    "trace by id alone",
    "trace by id, with its time",
}
pytestmark = pytest.mark.timeout(300)  # on a machine that does other things too


@pytest.fixture(scope="module")
def sections(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[list[str]]]:
    """The rows of each table, by the words of its heading."""
    ended = subprocess.run(
        [sys.executable, str(RUN), "--quick", "--only", "ingest", "fill", "idle"],
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
        cwd=tmp_path_factory.mktemp("bench"),
    )
    assert not ended.returncode, ended.stderr
    found: dict[str, list[list[str]]] = {}
    for part in ended.stdout.split("## ")[1:]:
        heading, *lines = part.splitlines()
        rows = [line.strip("| ").split(" | ") for line in lines if line.startswith("| ")]
        found[heading] = rows[1:]
    return found


def test_every_signal_and_transport_is_accepted_and_stored_as_sent(
    sections: dict[str, list[list[str]]],
) -> None:
    rows = sections["Ingest"]
    assert len(rows) == 5
    for signal, _, _, sent, accepted, stored, *_ in rows:
        assert int(sent) == int(accepted) > 0
        # A histogram's point is stored as a sample for each bucket, its sum and its count.
        assert int(stored) == int(sent) or (signal == "metrics" and int(stored) > int(sent))


def test_every_question_is_answered_from_what_was_sent(
    sections: dict[str, list[list[str]]],
) -> None:
    rows = {row[0]: row for row in sections["Questions, nothing else to do"]}
    assert set(rows) == QUESTIONS
    for name in QUESTIONS - {"panel, PromQL"}:
        assert rows[name][-1] == "0", f"{name}: {rows[name]}"
    # Panels of what this traffic has not: checkouts refused, errors of the other convention.
    asked, without = int(rows["panel, PromQL"][1]), int(rows["panel, PromQL"][-1])
    assert without < asked / 2
