"""The viewer's TraceQL finds the spans that a real Tempo finds, in the same traces."""

from typing import Any

import httpx2
import pytest
from side_by_side import SideBySide
from stores import Stores
from traceql_questions import BY_HAND, drawn

ROUNDS = 8
PER_ROUND = 40
SEED = 20261125
Found = dict[str, dict[str, Any]]


@pytest.fixture(autouse=True)
def _needs_tempo(beside: SideBySide) -> None:
    beside.require("tempo")


@pytest.mark.parametrize("query", BY_HAND)
def test_a_query_chosen_by_hand_equals_tempo(
    query: str, real: Stores, ours: Stores, window: tuple[int, int]
) -> None:
    assert difference(query, real, ours, window) == ""


@pytest.mark.parametrize("round_", range(ROUNDS))
def test_queries_drawn_at_random_equal_tempo(
    round_: int, real: Stores, ours: Stores, window: tuple[int, int]
) -> None:
    queries = drawn(SEED + round_, PER_ROUND)
    found = {query: difference(query, real, ours, window) for query in queries}
    assert {query: each for query, each in found.items() if each} == {}


def test_most_drawn_queries_find_something(real: Stores, window: tuple[int, int]) -> None:
    queries = drawn(SEED, PER_ROUND)
    silent = [query for query in queries if not traces(ask(real, query, window))]
    assert len(silent) < PER_ROUND / 4, silent


def ask(stores: Stores, query: str, window: tuple[int, int]) -> httpx2.Response:
    start, end = (each // 10**9 for each in window)
    given = {"q": query, "start": start, "end": end, "limit": 1000, "spss": 100}
    return stores.client.get(f"{stores.tempo}/api/search", params=given)


def difference(query: str, real: Stores, ours: Stores, window: tuple[int, int]) -> str:
    theirs, answer = ask(real, query, window), ask(ours, query, window)
    if theirs.status_code != 200 or answer.status_code != 200:
        same = theirs.status_code == answer.status_code
        return "" if same else f"{theirs.status_code} {theirs.text} | {answer.text}"
    left, right = traces(theirs), traces(answer)
    if left.keys() != right.keys():
        return f"only in Tempo {left.keys() - right.keys()}, here {right.keys() - left.keys()}"
    unlike = {name: (found, right[name]) for name, found in left.items() if found != right[name]}
    return f"{len(unlike)} of {len(left)}, e.g. {next(iter(unlike.items()))}" if unlike else ""


def traces(answer: httpx2.Response) -> Found:
    """By trace id: its root, how many spans matched, which and when.

    Not the attributes beside a span: Tempo shows those it happened to read.
    """
    return {
        trace["traceID"].rjust(32, "0"): {
            "root": (trace["rootServiceName"], trace["rootTraceName"]),
            "matched": trace["spanSet"]["matched"],
            "spans": {
                span["spanID"]: (span["durationNanos"], span["startTimeUnixNano"])
                for span in trace["spanSet"]["spans"]
            },
        }
        for trace in answer.json().get("traces") or []
    }
