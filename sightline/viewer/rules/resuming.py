"""How alerts stood when the viewer was last stopped, so that `for:` does not begin anew.

As Prometheus restores them from ALERTS_FOR_STATE, the time in between left out; but without its
grace period, whose ten minutes are longer than most alerts of a demo wait.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sightline.viewer.promql.samples import Matcher, Selecting
from sightline.viewer.promql.values import NAME, label_key
from sightline.viewer.rules.alerts import ALERT_NAME, FOR_STATE, AlertingRule, Key

LONGEST_AWAY_MS = 3_600_000  # what was longer ago is no part of what happens now
# Evaluations by which alerts are there again: data may come a little later than the viewer.
EVALUATIONS = 3


class Stood(NamedTuple):
    """When an alert was last seen, and since when it had been active."""

    seen_ms: int
    active_at_ms: int

    def resumed(self, at_ms: int, wait_ms: int) -> int:
        """Since when it counts as active: as long as it was, if it did not yet fire."""
        fired = self.seen_ms - self.active_at_ms >= wait_ms
        return self.active_at_ms if fired else self.active_at_ms + at_ms - self.seen_ms


def resume(rules: Iterable[AlertingRule], samples: Selecting, at_ms: int) -> None:
    """Before the first evaluation."""
    for rule in rules:
        past = _past(samples, rule.rule.alert, at_ms)
        rule.resume(
            {key: stood.resumed(at_ms, rule.rule.wait) for key, stood in past.items()},
            EVALUATIONS,
        )


def _past(samples: Selecting, alert: str, at_ms: int) -> dict[Key, Stood]:
    matchers = (Matcher(NAME, "=", FOR_STATE), Matcher(ALERT_NAME, "=", alert))
    found = {}
    for series in samples.select(matchers, at_ms - LONGEST_AWAY_MS, at_ms - 1):
        if len(series.ts) and not series.stale[-1]:
            bare = {name: value for name, value in series.labels.items() if name != NAME}
            active_at_ms = round(float(series.values[-1]) * 1000)
            found[label_key(bare)] = Stood(int(series.ts[-1]), active_at_ms)
    return found
