"""The viewer's LogQL answers as a real Loki does, over the same lines."""

import math
from typing import Any

import httpx2
import pytest
from logql_questions import BY_HAND, drawn
from stores import Stores

ROUNDS = 8
PER_ROUND = 40
SEED = 20261125
TOLERANCE = 1e-9
Rows = dict[tuple[Any, ...], Any]


@pytest.mark.parametrize("query", BY_HAND)
def test_a_query_chosen_by_hand_equals_loki(
    query: str, real: Stores, ours: Stores, window: tuple[int, int]
) -> None:
    assert difference(query, real, ours, window) == ""


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_queries_drawn_at_random_equal_loki(
    round_: int, real: Stores, ours: Stores, window: tuple[int, int]
) -> None:
    queries = drawn(SEED + round_, PER_ROUND)
    found = {query: difference(query, real, ours, window) for query in queries}
    assert {query: each for query, each in found.items() if each} == {}


def test_most_drawn_queries_find_something(real: Stores, window: tuple[int, int]) -> None:
    queries = drawn(SEED, PER_ROUND)
    silent = [q for q in queries if not ask(real, q, window).json()["data"]["result"]]
    assert len(silent) < PER_ROUND / 4, silent


def ask(stores: Stores, query: str, window: tuple[int, int]) -> httpx2.Response:
    start, end = window
    given = {"query": query, "start": start, "end": end, "step": "45s", "limit": 5000}
    return stores.client.get(f"{stores.loki}/loki/api/v1/query_range", params=given)


def difference(query: str, real: Stores, ours: Stores, window: tuple[int, int]) -> str:
    theirs, answer = ask(real, query, window), ask(ours, query, window)
    if theirs.status_code != 200 or answer.status_code != 200:
        same = theirs.status_code == answer.status_code
        return "" if same else f"{theirs.status_code} {theirs.text} | {answer.text}"
    left, right = theirs.json()["data"], answer.json()["data"]
    if left["resultType"] != right["resultType"]:
        return f"{left['resultType']}, not {right['resultType']}"
    rows = _lines if left["resultType"] == "streams" else _points
    if query.startswith(("topk", "bottomk")):
        rows = _values
    return _apart(rows(left["result"]), rows(right["result"]))


def _lines(result: list[dict[str, Any]]) -> Rows:
    """Each line by its time, text and labels; how often it is there."""
    rows: Rows = {}
    for stream in result:
        for at, text, *_ in stream["values"]:
            key = (at, text, frozenset(stream["stream"].items()))
            rows[key] = rows.get(key, 0) + 1
    return rows


def _points(result: list[dict[str, Any]]) -> Rows:
    return {
        (at, frozenset(series["metric"].items())): float(value)
        for series in result
        for at, value in series["values"]
    }


def _values(result: list[dict[str, Any]]) -> Rows:
    """Of each time its values alone: which of two equal series is ranked first is open."""
    rows: dict[Any, list[float]] = {}
    for series in result:
        for at, value in series["values"]:
            rows.setdefault(at, []).append(float(value))
    return {
        (at, place): value
        for at, values in rows.items()
        for place, value in enumerate(sorted(values))
    }


def _apart(left: Rows, right: Rows) -> str:
    if missing := left.keys() - right.keys():
        return f"{len(missing)} only in Loki, e.g. {next(iter(missing))}; {_hint(left, right)}"
    if more := right.keys() - left.keys():
        return f"{len(more)} only in the viewer, e.g. {next(iter(more))}; {_hint(left, right)}"
    unlike = {k: (v, right[k]) for k, v in left.items() if not _same(v, right[k])}
    return f"{len(unlike)} unlike, e.g. {next(iter(unlike.items()))}" if unlike else ""


def _hint(left: Rows, right: Rows) -> str:
    return f"{len(left)} and {len(right)} in all"


def _same(one: float, other: float) -> bool:
    return math.isclose(one, other, rel_tol=TOLERANCE) or (math.isnan(one) and math.isnan(other))
