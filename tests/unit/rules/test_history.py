"""The remembered past of recorded series is what the store itself would say."""

import random

from rule_replay import Recorded

from sightline.viewer.promql.samples import Matcher, Series
from sightline.viewer.rules.evaluation import Sample
from sightline.viewer.rules.history import History

BEAT = 15_000
NAMES = ("a:x", "b:x", "raw")
SELECTORS = (
    [Matcher("__name__", "=", "a:x")],
    [Matcher("__name__", "=", "a:x"), Matcher("job", "=~", "one|two")],
    [Matcher("__name__", "=", "b:x"), Matcher("job", "!=", "two")],
    [Matcher("__name__", "=", "raw")],
    [Matcher("__name__", "=~", ".:x")],
)
WIDTHS = (0, 20_000, 300_000, 3_600_000)


def plain(found: list[Series]) -> dict[str, list[tuple[int, str, bool]]]:
    return {
        str(sorted(each.labels.items())): list(
            zip(each.ts.tolist(), map(str, each.values.tolist()), each.stale.tolist(), strict=True)
        )
        for each in found
    }


def test_every_question_is_answered_as_the_store_answers_it() -> None:
    drawn = random.Random(7)
    recorded = Recorded([])
    history = History(recorded.samples, {"a:x", "b:x"}, settled_ms=1 + BEAT)
    asked = 0
    for beat in range(120):
        at_ms = beat * BEAT
        for _ in range(4):
            labels = {"__name__": drawn.choice(NAMES), "job": drawn.choice(("one", "two", "three"))}
            # As a group with an offset writes: a beat late, and only sometimes.
            late_ms = at_ms - drawn.choice((0, BEAT))
            gone = [labels] if drawn.random() < 0.2 else []
            recorded.write([] if gone else [Sample(labels, drawn.random())], gone, late_ms)
            matchers, width = drawn.choice(SELECTORS), drawn.choice(WIDTHS)
            start, end = at_ms - width, at_ms - drawn.choice((0, 0, BEAT))
            ours = plain(history.select(matchers, start, end))
            assert ours == plain(recorded.samples.select(matchers, start, end))
            asked += len(ours)
    assert asked > 200
