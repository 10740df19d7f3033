"""From the text of a LogQL query to its parts."""

import re
from functools import cache
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args
from lark.exceptions import VisitError

from sightline.viewer import grammar
from sightline.viewer.logql import syntax as s
from sightline.viewer.logql.errors import QueryError
from sightline.viewer.sql.literals import LiteralError, duration_ns, size_bytes, unquoted

# Real LogQL that this viewer leaves out: named when met, never guessed at.
UNSUPPORTED = frozenset(
    {
        "absent_over_time",
        "approx_topk",
        "avg_over_time",
        "count_values",
        "decolorize",
        "first_over_time",
        "group_left",
        "group_right",
        "ignoring",
        "ip",
        "label_format",
        "label_replace",
        "last_over_time",
        "line_format",
        "max_over_time",
        "min_over_time",
        "on",
        "pattern",
        "quantile_over_time",
        "rate_counter",
        "regexp",
        "sort",
        "sort_desc",
        "stddev",
        "stddev_over_time",
        "stdvar",
        "stdvar_over_time",
        "sum_over_time",
        "unless",
        "unpack",
        "unwrap",
        "variants",
        "vector",
    }
)
_UNREAD = re.compile(f"{grammar.STRINGS.pattern}|#[^\\n]*")
_WORDS = re.compile(f"{grammar.STRINGS.pattern}|([a-zA-Z_][a-zA-Z0-9_]*)")


def parse(text: str) -> s.Query:
    if excess := grammar.excess(text, _UNREAD):
        raise QueryError(f"parse error : {excess}")
    try:
        tree: s.Query = _PARTS.transform(_lark().parse(text))
    except UnexpectedInput as unexpected:
        raise _refusal(text, unexpected) from None
    except VisitError as failed:
        if isinstance(failed.orig_exc, QueryError):
            raise failed.orig_exc from None
        if isinstance(failed.orig_exc, LiteralError):
            raise QueryError(f"parse error : {failed.orig_exc}") from None
        if isinstance(failed.orig_exc, RecursionError):
            raise _too_deep() from None
        raise
    except RecursionError:
        raise _too_deep() from None
    return tree


def parse_log_query(text: str) -> s.LogQuery:
    found = parse(text)
    if not isinstance(found, s.LogQuery):
        raise QueryError("parse error : this takes a log query, not a metric query")
    return found


def parse_selector(text: str) -> tuple[s.Matcher, ...]:
    found = parse_log_query(text)
    if found.stages:
        raise QueryError("only label matchers are supported")
    return found.matchers


@v_args(inline=True)
class _Parts(Transformer[Token, Any]):
    def log_query(self, matchers: tuple[s.Matcher, ...], *stages: s.Stage) -> s.LogQuery:
        return s.LogQuery(matchers, stages)

    def selector(self, *matchers: s.Matcher | None) -> tuple[s.Matcher, ...]:
        return tuple(m for m in matchers if m is not None)

    def matcher(self, name: Token, op: s.MatchOp, value: Token) -> s.Matcher:
        return s.Matcher(str(name), op, unquoted(value))

    def match_op(self, op: Token) -> str:
        return str(op)

    line_op = compare_op = match_op

    def parser(self, kind: Any) -> s.Parser:
        return s.Parser(kind.value)

    def drop(self, *names: Token) -> s.Drop:
        return s.Drop(tuple(map(str, names)))

    def keep(self, *names: Token) -> s.Keep:
        return s.Keep(tuple(map(str, names)))

    def line_filter(self, op: Any, *values: Token) -> s.LineFilter:
        return s.LineFilter(op, tuple(map(unquoted, values)))

    def either(self, *parts: s.Filter) -> s.Either:
        return s.Either(parts)

    def every(self, *parts: s.Filter) -> s.Every:
        return s.Every(parts)

    def text_filter(self, name: Token, op: s.MatchOp, value: Token) -> s.TextFilter:
        return s.TextFilter(str(name), op, unquoted(value))

    def number_filter(self, name: Token, op: Any, quantity: Any) -> s.NumberFilter:
        op = "==" if op == "=" else op
        if isinstance(quantity, s.Number):
            return s.NumberFilter(str(name), op, quantity.value, "number")
        return s.NumberFilter(str(name), op, *quantity)

    def duration(self, token: Token) -> tuple[float, str]:
        return duration_ns(token) / 1e9, "duration"

    def bytes(self, token: Token) -> tuple[float, str]:
        return size_bytes(token), "bytes"

    def number(self, *tokens: Token) -> s.Number:
        return s.Number(float("".join(tokens)))

    def binary(self, left: s.Metric, op: Token, right: s.Metric) -> s.Binary:
        return s.Binary(str(op), left, right)

    def comparison(
        self, left: s.Metric, op: Token, as_bool: Token | None, right: s.Metric
    ) -> s.Binary:
        return s.Binary(str(op), left, right, as_bool is not None)

    def range_aggregation(
        self, function: Token, logs: s.LogQuery, window: Token, offset: Token | None
    ) -> s.RangeAggregation:
        range_ns = duration_ns(window)
        if range_ns <= 0:
            raise QueryError(f"parse error : the range {window} must be longer than 0")
        return s.RangeAggregation(
            str(function), logs, range_ns, duration_ns(offset) if offset else 0
        )

    def vector_aggregation(
        self,
        function: Token,
        before: s.Grouping | None,
        count: Token | None,
        inner: s.Metric,
        after: s.Grouping | None,
    ) -> s.VectorAggregation:
        counted = function in ("topk", "bottomk")
        if counted and (count is None or not count.isdigit() or int(count) < 1):
            raise QueryError(f"parse error : invalid parameter {function}({count or ''},")
        if count is not None and not counted:
            raise QueryError(
                f"parse error : unsupported parameter for operation {function}({count},"
            )
        if before is not None and after is not None:
            raise QueryError(f"parse error : {function} has two groupings")
        return s.VectorAggregation(str(function), inner, before or after, int(count or 0))

    def grouping(self, kind: Token, *names: Token | None) -> s.Grouping:
        return s.Grouping(kind == "without", tuple(str(n) for n in names if n is not None))


@cache
def _lark() -> Lark:
    """Built when first asked for: a viewer that starts has no query yet."""
    return grammar.load(Path(__file__).parent)


_PARTS = _Parts()


def _too_deep() -> QueryError:
    """What has no brackets can be too: filters by the hundred, with nothing between them."""
    return QueryError(f"parse error : {grammar.TOO_DEEP}")


def _refusal(text: str, unexpected: UnexpectedInput) -> QueryError:
    word, offset = grammar.unexpected_at(text, unexpected)
    left_out = _unsupported_before(text, offset + len(word))
    if left_out:
        return QueryError.at(text, offset, f"{left_out} is not supported by this viewer")
    unexpected_thing = repr(word[:40]) if word else "$end"
    return QueryError.at(text, offset, f"syntax error: unexpected {unexpected_thing}")


def _unsupported_before(text: str, end: int) -> str | None:
    """One of the last two words before an error, if it is LogQL that is left out on purpose."""
    if re.search(r"(\|>|!>)$", text[:end]):
        return "the pattern filter " + text[end - 2 : end]
    words = [match[1] for match in _WORDS.finditer(text[:end]) if match[1]]
    return next((word for word in words[:-3:-1] if word in UNSUPPORTED), None)
