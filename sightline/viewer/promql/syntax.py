"""Parsing: an expression of promql-parser, or an error that says what is wrong and where."""

import re
from typing import Any

import promql_parser as ast

from sightline.viewer import grammar
from sightline.viewer.promql.errors import BadQueryError, UnsupportedError

# What can be put behind a sound beginning to make it whole.
ENDINGS = ("", "x", "(x)", "x)", "[1m]", "m]", "1m]", "]", '"', '="x"}', '"x"}', "}", "(x))", "5m")
# To the parser, a carriage return ends a comment too.
COMMENTS_AND_STRINGS = re.compile(
    rf"{grammar.STRINGS.pattern}|'(?s:\\.|[^'\\])*\\?(?:'|\Z)|#[^\r\n]*"
)
MAX_TOKENS = 400  # each is tried as the last of a beginning
NOT_YET = {
    "smoothed": re.compile(r"\bsmoothed\b"),
    "anchored": re.compile(r"\banchored\b"),
    "trim operators (</ and >/)": re.compile(r"</|>/"),
}


def parse(query: str) -> ast.Expr:
    if not query.strip():
        raise BadQueryError("no expression found in input")
    if excess := grammar.excess(query, COMMENTS_AND_STRINGS):
        raise BadQueryError(f"parse error: {excess}")
    naked = COMMENTS_AND_STRINGS.sub("", query)
    if re.search(r"@\s*-", naked):  # the parser takes it, and then panics
        raise UnsupportedError("@ with a time before 1970")
    try:
        return ast.parse(query)
    except ValueError as error:
        _refuse_by_name(naked)
        raise BadQueryError(f"{place(query)}parse error: {error}") from None


def _refuse_by_name(naked: str) -> None:
    for name, pattern in NOT_YET.items():
        if pattern.search(naked):
            raise UnsupportedError(name)


def place(query: str) -> str:
    """Line and column behind the longest beginning that could still become a query."""
    tokens = [match.end() for match in re.finditer(r"[\w:.]+|\s+|\W", query)]
    if len(tokens) > MAX_TOKENS:
        return ""
    sound = max((end for end in tokens if _could_be_whole(query[:end])), default=0)
    line = query.count("\n", 0, sound) + 1
    return f"{line}:{sound - (query.rfind(chr(10), 0, sound) + 1) + 1}: "


def _could_be_whole(beginning: str) -> bool:
    open_brackets = max(0, beginning.count("(") - beginning.count(")"))
    return any(_parses(beginning + ending + ")" * open_brackets) for ending in ENDINGS)


def _parses(query: str) -> bool:
    try:
        ast.parse(query)
    except ValueError:
        return False
    return True


def kind(expr: Any) -> str:  # noqa: PLR0911 — one return per kind of node
    """scalar, vector, matrix or string."""
    match expr:
        case ast.NumberLiteral():
            return "scalar"
        case ast.StringLiteral():
            return "string"
        case ast.MatrixSelector() | ast.SubqueryExpr():
            return "matrix"
        case ast.ParenExpr() | ast.UnaryExpr():
            return kind(expr.expr)
        case ast.Call():
            return str(expr.func.return_type).rsplit(".", 1)[-1].lower()
        case ast.BinaryExpr() if kind(expr.lhs) == kind(expr.rhs) == "scalar":
            return "scalar"
    return "vector"


def bare(expr: Any) -> Any:
    """Without the parentheses around it."""
    while isinstance(expr, ast.ParenExpr):
        expr = expr.expr
    return expr
