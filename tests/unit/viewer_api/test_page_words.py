"""The words that the page offers while one writes a query are words that the viewer understands."""

import re
from pathlib import Path

import pytest
from promql_memory import MemoryReader

from sightline.viewer.logql.parser import parse as parse_logql
from sightline.viewer.promql.engine import Engine
from sightline.viewer.promql.errors import BadQueryError
from sightline.viewer.traceql.parser import parse as parse_traceql

ROOT = Path(__file__).parents[3]
WORDS = (ROOT / "sightline" / "viewer" / "web" / "complete" / "words.js").read_text()
EXAMPLES = (ROOT / "sightline" / "viewer" / "web" / "explore" / "examples.js").read_text()


def words(name: str) -> list[str]:
    found = re.search(rf"\b{name}(?: =|:) \[(.*?)\]", WORDS, re.DOTALL)
    assert found, name
    return re.findall(r'"([^"]+)"', found[1])


def examples(language: str) -> list[str]:
    found = re.search(rf"{language}: \[\n(.*?)\n  \]", EXAMPLES, re.DOTALL)
    assert found, language
    quoted = re.findall(r"""\[(?:"((?:\\.|[^"\\])*)"|'([^']*)'), """, found[1])
    return [double.replace('\\"', '"') or single for double, single in quoted]


# One of these is what a function takes.
ARGUMENTS = [
    *("up", "up[1m]", "1", "0.5, up", "0.5, up[1m]", "up[1m], 60", "up, 1", "up, 0, 1", ""),
    *('"a", up', 'up, "a", "b", "c", "d"', 'up, "a", ",", "b"'),
]


@pytest.mark.parametrize("word", [*words("PROMQL_FUNCTIONS"), *words("PROMQL_AGGREGATIONS")])
def test_a_word_of_promql_that_is_offered_is_evaluated(word: str) -> None:
    engine = Engine(MemoryReader())
    wrong = []
    for arguments in ARGUMENTS:
        try:
            engine.instant(f"{word}({arguments})", 60_000)
        except BadQueryError as error:
            wrong.append(str(error))
        else:
            return
    pytest.fail(f"{word} takes none of these: {wrong}")


@pytest.mark.parametrize("word", words("LOGQL_RANGES"))
def test_a_range_of_logql_that_is_offered_is_understood(word: str) -> None:
    parse_logql(f'{word}({{service_name="x"}}[1m])')


@pytest.mark.parametrize("word", words("LOGQL_AGGREGATIONS"))
def test_an_aggregation_of_logql_that_is_offered_is_understood(word: str) -> None:
    first = "3, " if word in {"topk", "bottomk"} else ""
    parse_logql(f'{word}({first}rate({{service_name="x"}}[1m]))')


@pytest.mark.parametrize("word", words("TRACEQL_INTRINSICS"))
def test_an_intrinsic_of_traceql_that_is_offered_is_understood(word: str) -> None:
    parse_traceql(f"{{ {word} != nil }}")


@pytest.mark.parametrize("keyword", ["status", "kind"])
def test_the_words_of_a_keyword_that_are_offered_are_understood(keyword: str) -> None:
    for word in words(keyword):
        parse_traceql(f"{{ {keyword} = {word} }}")


@pytest.mark.parametrize("query", examples("promql"))
def test_an_example_of_promql_is_answered(query: str) -> None:
    Engine(MemoryReader()).range(query.replace("$__rate_interval", "1m"), 0, 60_000, 15_000)


@pytest.mark.parametrize("query", examples("logql"))
def test_an_example_of_logql_is_understood(query: str) -> None:
    parse_logql(query)


@pytest.mark.parametrize("query", examples("traceql"))
def test_an_example_of_traceql_is_understood(query: str) -> None:
    parse_traceql(query)
