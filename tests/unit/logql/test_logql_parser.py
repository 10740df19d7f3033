"""The grammar of LogQL, apart from any store."""

import pytest

from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.errors import QueryError
from sightline.viewer.logql.parser import UNSUPPORTED, parse

ANY = (s.Matcher("a", "=", "b"),)


def test_stages_keep_their_order() -> None:
    query = '{a="b"} |= "x" or `y` | json | n >= 1.5s and (c="d" or e!~"f"), g=2 | drop h, i'
    duration = s.NumberFilter("n", ">=", 1.5, "duration")
    either = s.Either((s.TextFilter("c", "=", "d"), s.TextFilter("e", "!~", "f")))
    number = s.NumberFilter("g", "==", 2, "number")
    assert parse(query) == s.LogQuery(
        ANY,
        (
            s.LineFilter("|=", ("x", "y")),
            s.Parser("json"),
            s.Every((s.Every((duration, either)), number)),
            s.Drop(("h", "i")),
        ),
    )


def test_and_binds_tighter_than_or() -> None:
    [found] = parse('{a="b"} | c="1" or d="2" and e="3"').stages  # type: ignore[union-attr]
    assert isinstance(found, s.Either)
    assert isinstance(found.parts[1], s.Every)


@pytest.mark.parametrize(
    ("query", "value"),
    [
        ("1 + 2 * 3", "1+(2*3)"),
        ("2 * 3 - 1", "(2*3)-1"),
        ("-1 ^ 2 / 4", "(-1^2)/4"),
        ("(1 + 2) * 3", "(1+2)*3"),
    ],
)
def test_arithmetic_binds_as_usual(query: str, value: str) -> None:
    def shown(metric: s.Query, *, inner: bool = True) -> str:
        if isinstance(metric, s.Number):
            return f"{metric.value:g}"
        assert isinstance(metric, s.Binary)
        text = f"{shown(metric.left)}{metric.op}{shown(metric.right)}"
        return f"({text})" if inner else text

    assert shown(parse(query), inner=False) == value


@pytest.mark.parametrize("keyword", ["json", "rate", "sum", "by", "drop", "bool", "topk"])
def test_keywords_may_name_labels(keyword: str) -> None:
    assert parse(f'{{{keyword}="x"}}') == s.LogQuery((s.Matcher(keyword, "=", "x"),), ())


def test_strings_have_go_s_escapes_or_none_in_backticks() -> None:
    query = parse(r'{a="\"\\\n\x41☃"} |= `\n"`')
    assert query == s.LogQuery((s.Matcher("a", "=", '"\\\nA☃'),), (s.LineFilter("|=", ('\\n"',)),))


@pytest.mark.parametrize(
    ("text", "seconds"), [("1h30m", 5400), ("1.5s", 1.5), ("100ms", 0.1), ("2d", 172_800)]
)
def test_durations_add_up(text: str, seconds: float) -> None:
    metric = parse(f'rate({{a="b"}}[{text}])')
    assert isinstance(metric, s.RangeAggregation)
    assert metric.range_ns == seconds * 1e9


@pytest.mark.parametrize(("text", "size"), [("5KB", 5_000), ("5KiB", 5_120), ("1.5mb", 1.5e6)])
def test_sizes_are_decimal_or_binary(text: str, size: float) -> None:
    assert parse(f'{{a="b"}} | n > {text}').stages == (  # type: ignore[union-attr]
        s.NumberFilter("n", ">", size, "bytes"),
    )


@pytest.mark.parametrize(
    "name", sorted(name for name in UNSUPPORTED if name.endswith("_over_time"))
)
def test_functions_left_out_are_named(name: str) -> None:
    with pytest.raises(QueryError, match=f"{name} is not supported"):
        parse(f'{name}({{a="b"}} | unwrap c [1m])')


def test_comments_and_line_breaks_are_no_part_of_a_query() -> None:
    assert parse('{a="b"} # a comment\n  |= "x"') == parse('{a="b"} |= "x"')
