"""Queries to ask of both engines: chosen by hand, and drawn at random from a small grammar."""

import random
from pathlib import Path

COUNTER, GAUGE, BUCKET = (
    "http_requests_total",
    "temperature_celsius",
    "http_request_duration_seconds_bucket",
)

BY_HAND = (Path(__file__).parent / "by_hand.promql").read_text().splitlines()


def drawn(seed: int, number: int) -> list[str]:
    dice = random.Random(seed)
    return [_vector(dice, 3) for _ in range(number)]


def _vector(dice: random.Random, depth: int) -> str:
    if depth == 0:
        return dice.choice((_selector, _ranged))(dice)
    return dice.choice((_ranged, _aggregate, _binary, _function, _subquery, _set))(dice, depth - 1)


def _selector(dice: random.Random, _: int = 0) -> str:
    name = dice.choice((COUNTER, GAUGE))
    matcher = dice.choice(("", '{status="2xx"}', '{instance!="c:8000"}', '{instance=~"(a|b).*"}'))
    return name + matcher + dice.choice(("", "", " offset 4m", " @ 1700004000"))


def _ranged(dice: random.Random, _: int = 0) -> str:
    width = dice.choice(("1m", "4m30s", "10m", "45s", "1h"))
    offset = dice.choice(("", "", " offset 2m", " @ end()"))
    if dice.random() < 0.5:
        name = dice.choice(("rate", "increase", "irate", "resets", "changes"))
        return f"{name}({COUNTER}[{width}]{offset})"
    name = dice.choice(("avg", "min", "max", "sum", "count", "stddev", "last", "present"))
    return f"{name}_over_time({GAUGE}[{width}]{offset})"


def _aggregate(dice: random.Random, depth: int) -> str:
    inner = _vector(dice, depth)
    grouping = dice.choice(("", " by (status)", " by (instance, job)", " without (instance)"))
    op = dice.choice(("sum", "avg", "min", "max", "count", "stddev", "group", "quantile"))
    parameter = "0.7, " if op == "quantile" else ""
    return f"{op}{grouping} ({parameter}{inner})"


def _binary(dice: random.Random, depth: int) -> str:
    op = dice.choice(("+", "-", "*", "/", ">", "<=", "== bool", "> bool", "%"))
    left = _vector(dice, depth)
    if dice.random() < 0.5:
        return f"({left}) {op} {dice.choice((0, 1, 2.5, -3))}"
    summed = f"sum by (instance, status) ({_vector(dice, depth)})"
    return f"sum by (instance, status) ({left}) {op} {summed}"


def _function(dice: random.Random, depth: int) -> str:
    name = dice.choice(("abs", "ceil", "sgn", "-", "sqrt", "timestamp", "round", "sort"))
    return f"{name}({_vector(dice, depth)})"


def _subquery(dice: random.Random, depth: int) -> str:
    name = dice.choice(("max_over_time", "avg_over_time", "rate", "count_over_time", "delta"))
    step = dice.choice(("1m", "", "40s"))
    return f"{name}(({_vector(dice, depth)})[12m:{step}])"


def _set(dice: random.Random, depth: int) -> str:
    op = dice.choice(("and", "or", "unless"))
    how = dice.choice(("", " on (instance)", " ignoring (status)"))
    return f"({_vector(dice, depth)}) {op}{how} ({_vector(dice, depth)})"
