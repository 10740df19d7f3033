"""Reads Prometheus' own PromQL test cases, as its promqltest package writes them."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import numpy as np
import pytest
from promql_memory import labels_of, series_of, split_metric

from sightline.viewer.promql.samples import Series

SHARE = pytest.StashKey[str]()  # what a run says at its end
START_TIMESTAMPS = "start_timestamps.test"
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
LOAD = re.compile(r"load(?:_with_nhcb)?\s+(\S+)")
INSTANT = re.compile(r"eval(?:_(\w+))?\s+instant\s+(?:at\s+(\S+)\s+)?(.*)")
RANGE = re.compile(r"eval(?:_(\w+))?\s+range\s+from\s+(\S+)\s+to\s+(\S+)\s+step\s+(\S+)\s+(.*)")
NATIVE = re.compile(r"\{\{|histogram_(?:count|sum|avg|stddev|stdvar)\b")


@dataclass
class Case:
    where: str
    query: str
    times: tuple[int, ...]  # one of an instant; start, end and step of a range
    series: Sequence[Series]
    storable: bool  # False: it needs native histograms or start timestamps
    fails: bool = False
    ordered: bool = False
    rows: list[str] = field(default_factory=list)
    directives: list[str] = field(default_factory=list)


def milliseconds(text: str) -> int:
    try:
        return round(float(text) * 1000)
    except ValueError:
        parts = re.findall(r"(\d+)(ms|[smhdw])", text)
        return sum(int(n) * UNITS[unit] for n, unit in parts) * (-1 if text[0] == "-" else 1)


def cases_of(name: str, text: str) -> Iterator[Case]:
    series: list[Series] = []
    missing: set[str] = set()  # metrics of which a sample cannot be stored
    for number, first, *rest in _blocks(text):
        if first == "clear":
            series, missing = [], set()
        elif load := LOAD.match(first):
            if first.startswith("load_with_nhcb"):  # also makes a native histogram of the buckets
                missing |= {_metric(row).removesuffix("_bucket") for row in rest}
            for row in rest:
                try:
                    series = _joined([*series, series_of(row, milliseconds(load[1]))])
                except ValueError:  # a native histogram, a start timestamp, a name beyond ASCII
                    missing.add(_metric(row))
        else:
            yield _case(f"{name}:{number}", first, rest, series, missing)


def _blocks(text: str) -> Iterator[tuple[int, str, *tuple[str, ...]]]:
    """Each command with its indented lines; a blank line ends it."""
    block: list[str] = []
    start = 0
    for number, raw in enumerate([*text.splitlines(), ""], start=1):
        line = raw.strip()
        if line.startswith("#"):
            continue
        if block and (not line or re.match(r"(clear|load|eval)", line)):
            yield (start, block[0], *block[1:])
            block = []
        if line:
            start = start if block else number
            block.append(line)


def _case(
    where: str,
    command: str,
    rest: Sequence[str],
    series: Sequence[Series],
    missing: set[str],
) -> Case:
    if found := RANGE.match(command):
        mode, *times, query = found.groups()
    else:
        found = INSTANT.match(command)
        assert found, f"{where}: cannot read {command!r}"
        mode, *times, query = found.groups()
    directives = [line for line in rest if line.startswith("expect ")]
    rows = [line for line in rest if line not in directives]
    native = NATIVE.search(query) or any(NATIVE.search(row) for row in rows)
    return Case(
        where,
        query,
        tuple(milliseconds(each or "0") for each in times),
        list(series),
        not (native or _asks_for(query, missing) or where.startswith(START_TIMESTAMPS)),
        fails=mode == "fail" or any(line.startswith("expect fail") for line in directives),
        ordered=mode == "ordered" or "expect ordered" in directives,
        rows=rows,
        directives=directives,
    )


def _metric(row: str) -> str:
    return row.split("{", maxsplit=1)[0].split(maxsplit=1)[0] if row[0] != "{" else row


def _asks_for(query: str, missing: set[str]) -> bool:
    """A selector without a name may mean any of them."""
    words = set(re.findall(r"[^\W\d][\w:.]*", query))
    nameless = re.search(r"(?<![\w:])\{", query)
    return bool(missing and (words & missing or nameless))


def _joined(series: Sequence[Series]) -> list[Series]:
    """A series that is loaded in two parts is one."""
    by_labels: dict[frozenset[tuple[str, str]], Series] = {}
    for each in series:
        key = frozenset(each.labels.items())
        if key in by_labels:
            old = by_labels[key]
            ts = np.concatenate([old.ts, each.ts])
            order = np.argsort(ts, kind="stable")
            values = np.concatenate([old.values, each.values])[order]
            stale = np.concatenate([old.stale, each.stale])[order]
            by_labels[key] = Series(each.labels, ts[order], values, stale)
        else:
            by_labels[key] = each
    return list(by_labels.values())


def expected_row(row: str) -> tuple[frozenset[tuple[str, str]], str]:
    metric, values = split_metric(row)
    return frozenset(labels_of(metric).items()), values
