"""docs/query-languages.md states what PromQL is refused, no more and no less, and the limits."""

import re
from pathlib import Path

import pytest

from sightline.viewer.grammar import DEEPEST_QUERY, LONGEST_QUERY, MOST_WORDS
from sightline.viewer.promql import aggregation, calls, functions, over_time, ranking
from sightline.viewer.promql.engine import MAX_POINTS, Engine
from sightline.viewer.promql.errors import BadQueryError, UnsupportedError
from sightline.viewer.promql.query import Settings
from sightline.viewer.promql.samples import NoSamples

PAGE = (Path(__file__).parents[3] / "docs" / "query-languages.md").read_text()
PROMQL = PAGE.split("## PromQL\n")[1].split("\n## ")[0]
# Of Prometheus 3.16; the functions that this engine has by a table are added from there.
FUNCTIONS = {
    *("absent", "absent_over_time", "end", "histogram_avg", "histogram_count", "histogram_stddev"),
    *("histogram_stdvar", "histogram_sum", "info", "integral", "pi", "range", "scalar", "start"),
    *("start_timestamp", "step", "time", "timestamp", "vector"),
    *(calls.RANGED.keys() | calls.ON_VECTORS.keys() | calls.ON_SCALARS.keys()),
    *(functions.ELEMENTWISE.keys() | functions.CALENDAR.keys() | over_time.REDUCTIONS.keys()),
}
AGGREGATIONS = {
    *("count_values", "limit_ratio", "limitk", "quantile", *aggregation.REDUCTIONS),
    *ranking.PICKERS,
}
# One of these is what a function takes.
ARGUMENTS = ["x", "x[1m]", "1", "1, 2", "0.5, x", "0.5, x[1m]", "x[1m], 60", "x[1m], 0.5, 0.5", ""]
ARGUMENTS += ["x, 1", "x, 0, 1", '"a", x', 'x, "a"', 'x, "a", "b", "c", "d"', "0, 1, x"]
ARGUMENTS += ['x, "q", 0.5']


def refused(name: str) -> bool:
    engine = Engine(NoSamples())
    for arguments in ARGUMENTS:
        try:
            engine.instant(f"{name}({arguments})", 60_000)
        except BadQueryError:
            continue
        except UnsupportedError as error:
            return name in str(error)
        else:
            return False
    raise AssertionError(f"{name} takes none of these")


def documented(part: str) -> set[str]:
    (row,) = re.findall(rf"^\| {part} \| (.*) \|$", PROMQL, re.MULTILINE)
    return set(re.findall(r"`([^`]+)`", row))


@pytest.mark.parametrize(
    ("part", "names"), [("functions", FUNCTIONS), ("aggregations", AGGREGATIONS)]
)
def test_what_the_page_says_is_refused_is_what_is_refused(part: str, names: set[str]) -> None:
    assert documented(part) == {name for name in names if refused(name)}


@pytest.mark.parametrize("query", ["x </ 1", "x >/ 1", 'x{a="b" or c="d"}', "rate(x[5m] smoothed)"])
def test_the_other_parts_are_refused_by_name(query: str) -> None:
    with pytest.raises(UnsupportedError):
        Engine(NoSamples()).instant(query, 0)


@pytest.mark.parametrize("query", ["x[5m + 1m]", "x offset (2 * 1h)", "http.requests", "größe"])
def test_what_the_page_says_is_no_promql_is_refused_as_such(query: str) -> None:
    with pytest.raises(BadQueryError):
        Engine(NoSamples()).instant(query, 0)
    Engine(NoSamples()).instant('{"http.requests"}', 0)


def test_the_limits_are_those_of_the_code() -> None:
    settings = Settings()
    limits = (
        f"{LONGEST_QUERY:,} characters, {MOST_WORDS:,} words and signs and {DEEPEST_QUERY} levels"
    )
    assert limits in PAGE.replace("\n", " ")
    assert f"At most {MAX_POINTS:,} points" in PROMQL
    assert f"{settings.max_samples:,} samples and {settings.timeout_seconds:.0f} seconds" in (
        PROMQL.replace("\n", " ")
    )
