"""Relations of spans in one trace."""

import pytest

from sightline.viewer.traceql.parser import parse
from sightline.viewer.traceql.spansets import Trace, TraceSpan, leaves

#  a ─ b ─ c ─ d        x, whose parent is itself, and y, whose parent is missing
#    └ e ─ f
PARENTS = {"a": "", "b": "a", "c": "b", "d": "c", "e": "a", "f": "e", "x": "x", "y": "gone"}


def selected(left: str, op: str, right: str) -> str:
    query = parse(f'{{ name = "left" }} {op} {{ name = "right" }}')
    order = {leaf: index for index, leaf in enumerate(leaves(query))}
    spans = [
        TraceSpan(key, parent, number, 1, "s", key, 0, (key in left, key in right), ())
        for number, (key, parent) in enumerate(PARENTS.items())
    ]
    return "".join(span.span_id for span in Trace(spans, order).selected(query))


@pytest.mark.parametrize(
    ("left", "op", "right", "expected"),
    [
        ("a", ">", "bcdef", "be"),
        ("a", ">>", "bcdef", "bcdef"),
        ("b", ">>", "abcdef", "cd"),
        ("d", "<", "abcdef", "c"),
        ("d", "<<", "abcdef", "abc"),
        ("df", "<<", "abcdef", "abce"),
        ("b", "~", "abcdef", "e"),
        ("b", "~", "b", ""),
        ("be", "~", "be", "be"),
        ("a", "~", "y", ""),
        ("x", ">>", "xy", ""),
        ("ab", "&&", "f", "abf"),
        ("ab", "&&", "", ""),
        ("ab", "||", "", "ab"),
    ],
)
def test_a_relation_selects_spans_of_its_right_side(
    left: str, op: str, right: str, expected: str
) -> None:
    assert selected(left, op, right) == expected
