"""How many of Prometheus' own PromQL test cases the viewer's engine passes."""

import json
import math
import re
import shutil
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from cases import SHARE, Case, cases_of, expected_row, milliseconds
from promql_memory import MemoryReader, expanded
from servers import RELEASES

from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.errors import BadQueryError, PromqlError, UnsupportedError
from sightline.viewer.promql.samples import Series
from sightline.viewer.promql.values import Vector, single

PAGE = Path(__file__).parents[3] / "docs" / "query-languages.md"
# Prometheus' tests run with delayed name removal, an experiment that its server has off.
DELAYED_NAMES = "name_label_dropping.test"
# A label name that is no UTF-8: Python's text cannot hold one, so it cannot be asked for.
NO_TEXT = r"\xff"


@pytest.fixture(scope="module")
def found() -> list[Case]:
    if not shutil.which("go"):
        pytest.skip("the cases are in Prometheus' Go module, and `go` is not on PATH")
    release = RELEASES["prometheus"]
    module = f"github.com/prometheus/prometheus@{release.module}"
    listed = subprocess.run(
        ["go", "mod", "download", "-json", module],
        capture_output=True,
        text=True,
        check=True,
    )
    folder = Path(json.loads(listed.stdout)["Dir"]) / "promql/promqltest/testdata"
    files = sorted(folder.glob("*.test"))
    return [case for path in files for case in cases_of(path.name, path.read_text())]


def test_no_storable_case_of_prometheus_is_answered_wrongly(
    found: list[Case],
    request: pytest.FixtureRequest,
) -> None:
    storable = [case for case in found if case.storable]
    verdicts = {case.where: _verdict(case) for case in storable}
    counts = Counter(verdict.split(":")[0] for verdict in verdicts.values())
    share = (
        f"{counts['passed']} of {len(found)} pass; "
        f"{len(found) - len(storable)} need native histograms or start timestamps, which are not "
        f"stored; {counts['refused']} are refused by name; {counts['wrong']} are answered otherwise"
    )
    request.config.stash[SHARE] = f"PromQL cases of Prometheus: {share}"
    wrong = {
        where: verdict
        for where, verdict in verdicts.items()
        if verdict.startswith("wrong") and not where.startswith(DELAYED_NAMES)
    }
    assert [each for each in wrong.values() if NO_TEXT not in each] == []
    assert counts["passed"] > 0.8 * len(storable)
    assert share in " ".join(PAGE.read_text().split()), f"{PAGE.name} should say: {share}"


def _verdict(case: Case) -> str:
    engine = Engine(MemoryReader(case.series))
    try:
        ask = engine.instant if len(case.times) == 1 else engine.range
        value = ask(case.query, *case.times)
    except (BadQueryError, UnsupportedError):
        return "passed" if case.fails else "refused"
    except PromqlError as error:
        return "passed" if case.fails else f"wrong: {case.where} {case.query}: {error}"
    fits = not case.fails and _fits(case, value)
    return "passed" if fits else f"wrong: {case.where} {case.query}: {value}"


def _fits(case: Case, value: Any) -> bool:
    if isinstance(value, str):
        return any(value in line for line in (*case.rows, *case.directives))
    if isinstance(value, list):
        return _samples_fit(case, value)
    if not isinstance(value, Vector):
        if len(case.times) == 1:
            return _close(
                float(value[0]),
                float.fromhex(case.rows[0]) if "0x" in case.rows[0] else float(case.rows[0]),
            )
        value = single(value)
    found = [
        (
            frozenset(labels.items()),
            [x if there else None for x, there in zip(row, flags, strict=True)],
        )
        for labels, row, flags in zip(
            value.labels,
            value.values.tolist(),
            value.present,
            strict=True,
        )
    ]
    wanted = _wanted(case, value.shape[1])
    if not case.ordered:
        found, wanted = (sorted(each, key=lambda one: sorted(one[0])) for each in (found, wanted))
    return len(found) == len(wanted) and all(
        one[0] == other[0] and all(map(_same, one[1], other[1]))
        for one, other in zip(found, wanted, strict=True)
    )


def _wanted(case: Case, steps: int) -> list[tuple[frozenset[tuple[str, str]], list[Any]]]:
    rows = [expected_row(row) for row in case.rows]
    listed = [(labels, list(expanded(values))) for labels, values in rows]
    return [(labels, [*values, *[None] * (steps - len(values))]) for labels, values in listed]


def _samples_fit(case: Case, found: list[Series]) -> bool:
    """A range vector of an instant: the directive tells the times of the values."""
    told = next(
        m for line in case.directives if (m := re.search(r"from (\S+) to \S+ step (\S+)", line))
    )
    start, step = (milliseconds(each) for each in told.groups())
    wanted = {
        labels: [(start + i * step, x) for i, x in enumerate(expanded(values)) if x is not None]
        for labels, values in map(expected_row, case.rows)
    }
    return wanted == {
        frozenset(each.labels.items()): list(
            zip(each.ts.tolist(), each.values.tolist(), strict=True),
        )
        for each in found
    }


def _same(one: float | None, other: float | None) -> bool:
    return one is other if one is None or other is None else _close(one, other)


def _close(one: float, other: float) -> bool:
    both_nan = math.isnan(one) and math.isnan(other)
    return both_nan or math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-300)
