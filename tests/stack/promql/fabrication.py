"""Random series as services leave them: counters that restart, gaps, stale markers, odd values."""

import math
import random
import re
from collections.abc import Iterator, Sequence
from itertools import chain

import numpy as np

from sightline.viewer.promql.samples import Labels, Matcher, Series
from sightline.viewer.promql.selectors import selectors_in
from sightline.viewer.promql.syntax import parse

START = 1_700_000_000_000
SCRAPE = 15_000
SCRAPES = 480  # two hours
BOUNDS = ("0.005", "0.01", "0.05", "0.1", "0.5", "1", "2.5", "+Inf")


def fabricated(seed: int) -> list[Series]:
    dice = random.Random(seed)
    made = [
        *(_counter(dice, labels) for labels in _products("http_requests_total", dice)),
        *(_gauge(dice, labels) for labels in _products("temperature_celsius", dice)),
        *_odd_values(dice),
    ]
    for route in ("/orders", "/checkout"):
        for instance in ("a:8000", "b:8000"):
            made += _histogram(dice, {"handler": route, "instance": instance})
    return made


def _products(name: str, dice: random.Random) -> list[Labels]:
    labels = [
        {"__name__": name, "job": job, "instance": instance, "status": status}
        for job in ("orders", "payments")
        for instance in ("a:8000", "b:8000", "c:8000")
        for status in ("2xx", "4xx", "5xx")
    ]
    if name == "temperature_celsius":
        labels = [{k: v for k, v in each.items() if k != "job"} for each in labels[:9]]
    dice.shuffle(labels)
    return labels


def _times(dice: random.Random) -> tuple[list[int], list[bool]]:
    """Scrapes with jitter, some missed, and now and then a stale marker before a pause."""
    times, stale, index = [], [], 0
    jitter = dice.randrange(SCRAPE)
    while index < SCRAPES:
        times.append(START + index * SCRAPE + jitter + dice.randrange(40))
        fell_silent = dice.random() < 0.006
        stale.append(fell_silent)
        index += dice.randrange(2, 60) if fell_silent else 1
        if dice.random() < 0.02:
            index += dice.randrange(1, 30)
    return times, stale


def _series(labels: Labels, times: list[int], stale: list[bool], values: list[float]) -> Series:
    return Series(
        labels,
        np.array(times, dtype=np.int64),
        np.array(values),
        np.array(stale, dtype=bool),
    )


def _counter(dice: random.Random, labels: Labels) -> Series:
    times, stale = _times(dice)
    pace, value, values = dice.choice((0.2, 3, 40.5)), float(dice.randrange(1000)), []
    for _ in times:
        value = float(dice.randrange(3)) if dice.random() < 0.01 else value + _growth(dice, pace)
        values.append(value)
    return _series(labels, times, stale, values)


def _growth(dice: random.Random, pace: float) -> float:
    return 0.0 if dice.random() < 0.2 else round(dice.expovariate(1 / pace))


def _gauge(dice: random.Random, labels: Labels) -> Series:
    times, stale = _times(dice)
    base = dice.uniform(-50, 50)
    values = [round(base + 10 * math.sin(i / 20) + dice.gauss(0, 2), 3) for i in range(len(times))]
    return _series(labels, times, stale, values)


def _odd_values(dice: random.Random) -> list[Series]:
    odd = [math.nan, math.inf, -math.inf, 0.0, 1e-300, 1e300, -5.5, 7.25, 1e10]
    made = []
    for name in ("x", "y"):
        times, stale = _times(dice)
        values = [dice.choice(odd) for _ in times]
        made.append(_series({"__name__": "odd", "kind": name}, times, stale, values))
    times, stale = _times(dice)
    made.append(
        _series(
            {"__name__": "info", "version": "1.2.3", "job": "orders"},
            times,
            stale,
            [1.0] * len(times),
        ),
    )
    return made


def _histogram(dice: random.Random, labels: Labels) -> list[Series]:
    """Cumulative buckets; now and then one of them misses a scrape."""
    times, stale = _times(dice)
    weights = [dice.random() for _ in BOUNDS]
    counts, rows, total = [0.0] * len(BOUNDS), [], 0.0
    for _ in times:
        if dice.random() < 0.005:
            counts, total = [0.0] * len(BOUNDS), 0.0
        for _ in range(dice.randrange(12)):
            hit = dice.choices(range(len(BOUNDS)), weights)[0]
            counts = [n + (index >= hit) for index, n in enumerate(counts)]
            total += dice.random()
        rows.append((list(counts), total))
    name = "http_request_duration_seconds"
    made = []
    for index, bound in enumerate(BOUNDS):
        kept = [i for i in range(len(times)) if dice.random() > 0.01]
        own = {"__name__": f"{name}_bucket", "le": bound, **labels}
        made.append(
            _series(
                own,
                [times[i] for i in kept],
                [stale[i] for i in kept],
                [rows[i][0][index] for i in kept],
            ),
        )
    made.append(
        _series({"__name__": f"{name}_count", **labels}, times, stale, [r[0][-1] for r in rows]),
    )
    made.append(_series({"__name__": f"{name}_sum", **labels}, times, stale, [r[1] for r in rows]))
    return made


GROUPED = {
    "handler": ("/orders", "/checkout"),
    "payment_method": ("card", "paypal"),
    "currency": ("EUR", "USD"),
    "status": ("2xx", "5xx"),
    "signal": ("logs", "traces"),
}
RECORDED = {"slo": ("availability", "latency")}
WHO = {"service_name": "orders", "deployment_environment_name": "dev"}


def answering(expressions: Sequence[str], seed: int) -> list[Series]:
    """Series for every selector of the expressions, two of each along the labels we group by."""
    dice = random.Random(seed)
    made: dict[str, Series] = {}
    for matchers in chain.from_iterable(selectors_in(parse(text)) for text in expressions):
        wanted = {each.name: _fitting(each) for each in matchers if each.op in ("=", "=~")}
        for variant in _variants(wanted):
            labels = {name: value for name, value in variant.items() if value}
            made[str(sorted(labels.items()))] = _counter(dice, labels)
    return list(made.values())


def _variants(wanted: Labels) -> Iterator[Labels]:
    """A rule's series has the labels that the rule keeps, a service's has its instance's too."""
    name = wanted["__name__"]
    scope = name.split(":")[0] if ":" in name else ""
    base = {"": {"job": "orders", "instance": "a:8000", **WHO}, "slo": {}}.get(scope, WHO)
    grouped = RECORDED if scope in ("slo", "service") else GROUPED
    for bound in BOUNDS if "_bucket" in name and "le" not in wanted else ("",):
        for variant in range(2):
            extra = {label: values[variant] for label, values in grouped.items()}
            yield {**extra, **base, **({"le": bound} if bound else {}), **wanted}


def _fitting(matcher: Matcher) -> str:
    """A value that the matcher takes: the first of its alternatives, made literal."""
    first = matcher.value.split("|")[0].strip("()^$")
    if matcher.op == "=" or re.fullmatch(first, first):
        return matcher.value if matcher.op == "=" else first
    return re.sub(r"\\(.)|\.[*+]|(\[.*?\])", r"\1", first)
