"""The store answers as a plain list of the same series does, wherever its samples are."""

import random
from collections.abc import Iterator

import numpy as np
import pytest
from promql_memory import MemoryReader
from promql_stored import stored

from sightline.viewer.promql.samples import Matcher, SampleReader, Series
from sightline.viewer.promql.values import sort_key

SEED = 20261129
MINUTE = 60_000
LENGTH = 240 * MINUTE
QUESTIONS = 300
NAMES = ("up", "requests_total", "requests_created")
VALUES = ("", "orders", "payments", "load")
PATTERNS = ("orders|load", "pay.*", ".+", ".*", "", "[^o]+")


def made(dice: random.Random) -> Iterator[Series]:
    """Some begin late, some end early, some pause, some are stale at times."""
    for name in NAMES:
        for job in VALUES[1:]:
            for region in VALUES:
                labels = {"__name__": name, "job": job, **({"region": region} if region else {})}
                low, high = sorted(dice.sample(range(0, LENGTH, MINUTE), 2))
                every = dice.choice((MINUTE, 7 * MINUTE + 13))
                ts = np.arange(low + dice.randrange(MINUTE), high + MINUTE, every, dtype=np.int64)
                ts = ts[[dice.random() < 0.9 for _ in ts]]
                values = np.array([float(dice.randrange(100)) for _ in ts])
                stale = np.array([dice.random() < 0.05 for _ in ts], dtype=bool)
                if len(ts):
                    yield Series(labels, ts, np.where(stale, np.nan, values), stale)


@pytest.fixture(scope="module")
def readers() -> Iterator[tuple[SampleReader, SampleReader]]:
    series = list(made(random.Random(SEED)))
    with stored(series) as store:
        yield store.samples, MemoryReader(series)


def questions() -> Iterator[tuple[list[Matcher], int, int]]:
    dice = random.Random(SEED + 1)
    for _ in range(QUESTIONS):
        matchers = [Matcher("__name__", "=", dice.choice(NAMES))] if dice.random() < 0.5 else []
        for label in dice.sample(("job", "region", "absent"), dice.randrange(3)):
            op = dice.choice(("=", "!=", "=~", "!~"))
            matchers.append(
                Matcher(label, op, dice.choice(PATTERNS if "~" in op else VALUES))  # type: ignore[arg-type] # one of the four
            )
        start = dice.randrange(-LENGTH // 4, LENGTH)
        yield matchers, start, start + dice.choice((0, MINUTE, 30 * MINUTE, LENGTH, 2 * LENGTH))


def told(found: list[Series]) -> list[tuple[object, ...]]:
    """Series in an order of their own, with a number where there is none to compare."""
    return sorted(
        (
            sort_key(each.labels),
            each.ts.tolist(),
            np.nan_to_num(each.values, nan=-1).tolist(),
            each.stale.tolist(),
        )
        for each in found
    )


def test_whatever_is_asked_the_samples_are_the_same(
    readers: tuple[SampleReader, SampleReader],
) -> None:
    answered = 0
    for asked in questions():
        found, expected = (told(reader.select(*asked)) for reader in readers)
        assert found == expected, asked
        answered += bool(expected)
    assert answered > QUESTIONS / 3


def test_whatever_is_asked_the_labels_are_the_same(
    readers: tuple[SampleReader, SampleReader],
) -> None:
    for asked in questions():
        found, expected = (
            (
                sorted(map(sort_key, reader.series(*asked))),
                reader.label_names(*asked),
                reader.label_values("job", *asked),
                reader.label_values("__name__", *asked),
            )
            for reader in readers
        )
        assert found == expected, asked
