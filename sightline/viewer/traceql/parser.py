"""From the text of a TraceQL query to its parts."""

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from sightline.viewer import grammar
from sightline.viewer.sql.literals import LiteralError, duration_ns, unquoted
from sightline.viewer.traceql import syntax as t

INTRINSICS: Final = {
    "name": "name",
    "status": "status",
    "statusMessage": "statusMessage",
    "kind": "kind",
    "duration": "duration",
    "traceDuration": "traceDuration",
    "rootName": "rootName",
    "rootServiceName": "rootServiceName",
    "span:name": "name",
    "span:status": "status",
    "span:statusMessage": "statusMessage",
    "span:kind": "kind",
    "span:duration": "duration",
    "span:id": "span:id",
    "span:parentID": "span:parentID",
    "trace:id": "trace:id",
    "trace:duration": "traceDuration",
    "trace:rootName": "rootName",
    "trace:rootService": "rootServiceName",
}
# Real TraceQL that this viewer leaves out: named when met, never guessed at.
UNSUPPORTED: Final = re.compile(
    r"!>>|!<<|!>|!<|!~(?=\s*[{(])|&>>|&<<|&>|&<|&~|\b(?:by|coalesce|rate|count_over_time|"
    r"(?:min|max|avg|sum|quantile|histogram)_over_time|compare|topk|bottomk|with)\b"
)


class QueryError(Exception):
    """The message is for the person who wrote the query."""


def parse(text: str) -> t.Query:
    if excess := grammar.excess(text):
        raise QueryError(f"parse error: {excess}")
    try:
        found: t.Query = _PARTS.transform(_lark().parse(text))
    except UnexpectedInput as unexpected:
        raise _refusal(text, unexpected) from None
    except VisitError as failed:
        if isinstance(failed.orig_exc, QueryError | LiteralError):
            raise QueryError(f"parse error: {failed.orig_exc}") from None
        raise
    return found


@v_args(inline=True)
class _Parts(Transformer[Token, Any]):
    def start(self, spansets: t.Spansets, *stages: t.Stage) -> t.Query:
        return t.Query(spansets, stages)

    def leaf(self, condition: t.Condition | None) -> t.Leaf:
        return t.Leaf(t.Always(holds=True) if condition is None else condition)

    def both(self, left: t.Spansets, op: Any, right: t.Spansets) -> t.Both:
        return t.Both(op.value, left, right)

    def related(self, left: t.Spansets, op: Any, right: t.Spansets) -> t.Related:
        return t.Related(op, left, right)

    def both_hold(self, left: t.Condition, op: Any, right: t.Condition) -> t.Logic:
        return t.Logic(op.value, left, right)

    def always(self, word: Token) -> t.Always:
        return t.Always(str(word) == "true")

    def test(self, field: t.Field, op: Any, value: t.Value) -> t.Test:
        return t.Test(field, op, value)

    def comparison(self, op: Token) -> str:
        return str(op)

    relation = comparison

    def field(self, token: Token) -> t.Field:
        return field(str(token))

    def string(self, token: Token) -> str:
        return unquoted(token)

    def duration(self, token: Token) -> t.Duration:
        sign = -1 if token.startswith("-") else 1
        return t.Duration(sign * duration_ns(token))

    def number(self, token: Token) -> float:
        """A whole number is an int, which finds attributes of that type only, as in Tempo."""
        return int(token) if token.lstrip("-").isdigit() else float(token)

    def boolean(self, word: Token) -> bool:
        return str(word) == "true"

    def nil(self, _: Token) -> t.Nil:
        return t.Nil.NIL

    def word(self, token: Token) -> t.Word:
        return t.Word(token)

    def count_filter(self, op: Any, value: float) -> t.Reduced:
        return t.Reduced("count", op, float(value))

    def duration_filter(self, function: Any, of: t.Field, op: Any, value: float) -> t.Reduced:
        if of != t.Field("intrinsic", "duration"):
            raise QueryError(f"{function}({of.name}) is not supported by this viewer; of duration")
        return t.Reduced(function.value, op, float(value))

    def select(self, *fields: t.Field) -> t.Select:
        return t.Select(fields)


def field(text: str) -> t.Field:
    """`resource.x`, `span.x`, `.x` or an intrinsic; other scopes are refused by name."""
    if "." in text:
        scope, _, name = text.partition(".")
        name = unquoted(name) if name.startswith('"') else name
        if scope not in ("", "span", "resource"):
            raise QueryError(f"the scope {scope}. is not supported by this viewer")
        return t.Field("any" if not scope else "span" if scope == "span" else "resource", name)
    if text not in INTRINSICS:
        raise QueryError(
            f"{text} is not supported by this viewer; attributes are written .{text}, "
            f"span.{text} or resource.{text}"
        )
    return t.Field("intrinsic", INTRINSICS[text])


@cache
def _lark() -> Lark:
    """Built when first asked for: a viewer that starts has no query yet."""
    return grammar.load(Path(__file__).parent)


_PARTS = _Parts()


def _refusal(text: str, unexpected: UnexpectedInput) -> QueryError:
    word, offset = grammar.unexpected_at(text, unexpected)
    line = text.count("\n", 0, offset) + 1
    column = offset - text.rfind("\n", 0, offset)
    found = UNSUPPORTED.search(text, max(0, offset - 2))
    if found and found.start() <= offset:
        message = f"{found[0]} is not supported by this viewer"
    else:
        message = (
            f"syntax error: unexpected {word[:40]!r}" if word else "syntax error: unexpected $end"
        )
    return QueryError(f"parse error at line {line}, col {column}: {message}")
