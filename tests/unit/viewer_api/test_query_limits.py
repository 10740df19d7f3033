"""Queries too long or too deep are refused before they are parsed, by the limit; none is a 500."""

import resource
import time
from collections.abc import Iterator

import pytest
from promql_memory import MemoryReader, loaded
from small_store import NOON, SECOND, SmallStore
from starlette.applications import Starlette
from starlette.testclient import TestClient

from sightline.viewer.api import loki, prometheus, tempo
from sightline.viewer.grammar import DEEPEST_QUERY, LONGEST_QUERY, MOST_WORDS
from sightline.viewer.traceql.parser import QueryError
from sightline.viewer.traceql.parser import parse as parse_traceql

LONGEST_ADDRESS = 10_000
SPAN = {"start": NOON, "end": NOON + 10 * SECOND}
LOGS, LINES = '{service_name="a"}', 'count_over_time({service_name="a"}[1m])'
# Of each language: where it is asked, and what can be put inside one another or side by side.
PATHS = {
    "promql": ("/api/v1/query", "query"),
    "logql": ("/loki/api/v1/query_range", "query"),
    "traceql": ("/api/search", "q"),
}
SHAPES = {
    ("promql", "brackets"): lambda n: "(" * n + "x" + ")" * n,
    ("promql", "calls"): lambda n: "abs(" * n + "x" + ")" * n,
    ("promql", "aggregations"): lambda n: "sum by (a) (" * n + "x" + ")" * n,
    ("promql", "subqueries"): lambda n: "max_over_time(" * n + "x" + "[5m:1m])" * n,
    ("promql", "signs"): lambda n: "-" * n + "x",
    ("promql", "sums"): lambda n: "+".join(["x"] * (n + 1)),
    ("promql", "words"): lambda n: " or ".join(["x"] * (n + 1)),
    ("promql", "capitals"): lambda n: " OR ".join(["x"] * (n + 1)),
    ("promql", "mixed"): lambda n: "\fUnLess\t".join(["x"] * (n + 1)),
    ("promql", "angles"): lambda n: "\rATAN2 ".join(["x"] * (n + 1)),
    ("promql", "comments"): lambda n: "#'\r and ".join(["x"] * (n + 1)),
    ("promql", "quoted"): lambda n: "And".join(['{"x"}'] * (n + 1)),
    ("promql", "comparisons"): lambda n: ">BOOL ".join(["x"] * (n + 1)),
    ("promql", "matchings"): lambda n: " AND ON() ".join(["x OFFSET 5m @ END()"] * (n + 1)),
    ("promql", "powers"): lambda n: "^".join(["2"] * (n + 1)),
    ("logql", "brackets"): lambda n: "(" * n + LINES + ")" * n,
    ("logql", "aggregations"): lambda n: "sum(" * n + LINES + ")" * n,
    ("logql", "sums"): lambda n: LINES + " + 1" * n,
    ("logql", "filters"): lambda n: f"{LOGS} | {'(' * n}a=`b`{')' * n}",
    ("logql", "words"): lambda n: f"{LOGS} | " + " or ".join(["a=`b`"] * (n + 1)),
    ("logql", "commas"): lambda n: f"{LOGS} | " + ",".join(["a=`b`"] * (n + 1)),
    ("logql", "gaps"): lambda n: f"{LOGS} | " + " ".join(["a=`b`"] * (n + 1)),
    ("traceql", "brackets"): lambda n: "{" + "(" * n + ".a=1" + ")" * n + "}",
    ("traceql", "spansets"): lambda n: "(" * n + "{}" + ")" * n,
    ("traceql", "conditions"): lambda n: "{" + " && ".join([".a=`b`"] * (n + 1)) + "}",
    ("traceql", "relations"): lambda n: ">>".join(["{}"] * (n + 1)),
    ("traceql", "siblings"): lambda n: "~".join(["{}"] * (n + 1)),
}
UNCOUNTED = {"commas", "gaps"}  # what is read as `and` with no word for it


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    store = SmallStore()
    reader = MemoryReader(loaded("x 1x10", 60_000))
    routes = [*prometheus.routes(reader), *loki.routes(store), *tempo.routes(store)]
    with TestClient(Starlette(routes=routes)) as client:
        yield client
    store.close()


def answered(client: TestClient, language: str, query: str) -> tuple[int, str]:
    """By a form, where there is one: an address is shorter than these queries."""
    path, name = PATHS[language]
    if language == "traceql" and len(query) > LONGEST_ADDRESS:
        try:
            parse_traceql(query)
        except QueryError as error:
            return 400, str(error)
        return 200, ""
    if language == "traceql":
        answer = client.get(path, params={name: query})
    else:
        given = {name: query, **(SPAN if language == "logql" else {"time": "60"})}
        answer = client.post(path, data=given)
    return answer.status_code, answer.text


@pytest.mark.parametrize(("language", "shape"), SHAPES)
def test_up_to_the_limit_a_query_is_answered(client: TestClient, language: str, shape: str) -> None:
    status, text = answered(client, language, SHAPES[language, shape](DEEPEST_QUERY - 3))
    assert status == 200, text[:300]


@pytest.mark.parametrize(("language", "shape"), SHAPES)
def test_past_the_limit_it_is_refused_at_once_and_says_so(
    client: TestClient, language: str, shape: str
) -> None:
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.monotonic()
    refusals = [f"not {limit} at most" for limit in (DEEPEST_QUERY, MOST_WORDS, LONGEST_QUERY)]
    for deep in (DEEPEST_QUERY + 1, 400, 1_000, 3_000, 12_000):
        status, text = answered(client, language, SHAPES[language, shape](deep))
        if shape in UNCOUNTED and deep < 3_000:
            assert status == 200 or "nested too deeply" in text, text[:300]
        else:
            assert status == 400, text[:300]
            assert any(refusal in text for refusal in refusals), text[:300]
    assert time.monotonic() - began < 10
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


@pytest.mark.parametrize("language", PATHS)
def test_a_query_too_long_to_be_one_is_refused(client: TestClient, language: str) -> None:
    for query in ("x" * (LONGEST_QUERY + 1), '"' + '\\"' * 40_000):
        status, text = answered(client, language, query)
        assert status == 400, text[:300]
        assert f"not {LONGEST_QUERY} at most" in text


def test_a_query_as_large_and_deep_as_may_be_needs_little(client: TestClient) -> None:
    """Each level of PromQL is a copy of what is below it: here of all the words there may be."""
    wide = "x"
    while len(wide) < MOST_WORDS / 2:
        wide = f"({wide}+{wide})"
    levels = wide.count("(", 0, wide.index("x")) * 2
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    query = "-" * (DEEPEST_QUERY - levels) + wide
    status, text = answered(client, "promql", query)
    assert status == 200, text[:300]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000


@pytest.mark.parametrize("language", PATHS)
def test_what_stands_in_a_text_is_not_counted(client: TestClient, language: str) -> None:
    text = "`" + "(+" * DEEPEST_QUERY + "`"
    query = {
        "promql": f"x{{a!={text}}}",
        "logql": f"{LOGS} != {text}",
        "traceql": f"{{ .a = {text} }}",
    }[language]
    assert answered(client, language, query)[0] == 200


REFUSED = {
    "escapes": '"\\' * 30_000,
    "quotes": "'\\" * 30_000,
    "ticks": "`" * 60_001,
    "comments": "#" * 60_000,
    "times": "@ " * 30_000,
    "square": "[" * 150,
    "open": "(" * 190 + "%",
    "closed": ")" * 60_000,
    "words": " + ".join(["a" * 160] * 190) + " %% ",
}


@pytest.mark.parametrize("language", PATHS)
@pytest.mark.parametrize("text", REFUSED.values(), ids=REFUSED)
def test_no_text_takes_long_to_be_refused(client: TestClient, language: str, text: str) -> None:
    began = time.monotonic()
    status, _ = answered(client, language, text)
    assert status == 400
    assert time.monotonic() - began < 5
