"""The viewer's PromQL answers as a real Prometheus does, over the same samples.

The viewer's are in its own store: those of the first hour in DuckDB, those of the second in memory.
"""

import math
from collections.abc import Iterator
from typing import Any

import pytest
from fabrication import SCRAPE, SCRAPES, START, answering, fabricated
from oracle import Oracle, running
from promql_committed import Committed, of_dashboards, of_rules
from promql_stored import stored
from questions import BY_HAND, drawn
from servers import RELEASES, find
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.viewer.api.prometheus import routes

TOLERANCE = 1e-9
SEED = 20261124
END = START + SCRAPE * SCRAPES
INSTANTS = (START + 61_000, START + 3_600_000, END - 100_000, END + 120_000)
RANGES = (
    {"start": (START + 300_000) / 1000, "end": (END + 400_000) / 1000, "step": "97s"},
    {"start": (START + 3_000_000) / 1000, "end": (START + 3_900_000) / 1000, "step": "15"},
)
ROUNDS = 12
PER_ROUND = 40
COMMITTED = [*of_dashboards(), *of_rules()]
SERIES = [*fabricated(SEED), *answering([one.text for one in COMMITTED], SEED)]


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Oracle]:
    found = find(RELEASES["prometheus"])
    assert found, "prometheus can neither be found nor built"
    with running(found["prometheus"], tmp_path_factory.mktemp("prometheus")) as oracle:
        oracle.write(SERIES)
        yield oracle


@pytest.fixture(scope="module")
def ours() -> Iterator[TestClient]:
    with (
        stored(SERIES) as store,
        TestClient(Starlette(routes=routes(store.samples))) as client,
    ):
        yield client


@pytest.mark.parametrize("query", BY_HAND)
def test_a_query_chosen_by_hand_equals_prometheus(
    query: str,
    real: Oracle,
    ours: TestClient,
) -> None:
    assert differences(query, real, ours) == []


@pytest.mark.parametrize("committed", COMMITTED, ids=lambda one: one.where)
def test_a_committed_expression_equals_prometheus(
    committed: Committed,
    real: Oracle,
    ours: TestClient,
) -> None:
    assert differences(committed.text, real, ours) == []


def test_nearly_every_committed_expression_has_an_answer_over_these_series(
    ours: TestClient,
) -> None:
    answers = {
        one.where: ours.post("/api/v1/query_range", data={"query": one.text, **RANGES[0]}).json()
        for one in COMMITTED
    }
    silent = [where for where, each in answers.items() if not each["data"]["result"]]
    assert len(silent) < len(COMMITTED) / 10, silent


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_queries_drawn_at_random_equal_prometheus(
    round_: int,
    real: Oracle,
    ours: TestClient,
) -> None:
    found = {query: differences(query, real, ours) for query in drawn(SEED + round_, PER_ROUND)}
    assert {query: each for query, each in found.items() if each} == {}


def differences(query: str, real: Oracle, ours: TestClient) -> list[str]:
    asked: list[tuple[str, dict[str, Any]]] = [
        ("query", {"query": query, "time": str(when / 1000)}) for when in INSTANTS
    ]
    asked += [("query_range", {"query": query, **span}) for span in RANGES]
    found = []
    for path, params in asked:
        status, theirs = real.ask(path, params)
        answer = ours.post(f"/api/v1/{path}", data=params)
        if status != 200 or answer.status_code != 200:
            kinds = (
                (status, theirs.get("errorType")),
                (
                    answer.status_code,
                    answer.json().get("errorType"),
                ),
            )
            if kinds[0] != kinds[1]:
                found.append(f"{path} {params}: {theirs.get('error')} | {answer.text[:300]}")
        elif apart := _apart(theirs["data"], answer.json()["data"]):
            found.append(f"{path} {params}: {apart}")
    return found


def _apart(theirs: dict[str, Any], ours: dict[str, Any]) -> str:
    """What differs first, or nothing."""
    if theirs["resultType"] != ours["resultType"]:
        return f"{theirs['resultType']}, not {ours['resultType']}"
    if theirs["resultType"] in ("scalar", "string"):
        return "" if _same([theirs["result"]], [ours["result"]]) else f"{theirs} | {ours}"
    left, right = _by_labels(theirs["result"]), _by_labels(ours["result"])
    if left.keys() != right.keys():
        return f"only there {left.keys() - right.keys()}, only here {right.keys() - left.keys()}"
    for labels, points in left.items():
        if not _same(points, right[labels]):
            pairs = zip(points, right[labels], strict=False)
            first = next((p for p in pairs if not _same([p[0]], [p[1]])), None)
            return f"{dict(labels)}: {len(points)} | {len(right[labels])} points, first {first}"
    return ""


def _by_labels(result: list[dict[str, Any]]) -> dict[frozenset[tuple[str, str]], list[Any]]:
    return {
        frozenset(each["metric"].items()): each.get("values") or [each["value"]] for each in result
    }


def _same(left: list[Any], right: list[Any]) -> bool:
    return len(left) == len(right) and all(
        one[0] == other[0] and _equal(one[1], other[1])
        for one, other in zip(left, right, strict=True)
    )


def _equal(one: str, other: str) -> bool:
    if one == other:
        return True
    try:
        return math.isclose(float(one), float(other), rel_tol=TOLERANCE, abs_tol=0)
    except ValueError:
        return False
