"""The truth that panels are held against: the ledger, the services' own lines, another store."""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import psutil
from boards import WINDOW_SECONDS
from stores import Stores
from system import System
from traffic import Ledger, Sent

Figures = dict[str, float]
Bounds = dict[str, tuple[float, float]]
Line = dict[str, str]

SLOW_SECONDS = 0.5
RULE_SECONDS = 300  # the window of the recording rules


@dataclass
class Truth:
    """What was so at the end of steady traffic, in the last minute of it."""

    ledger: Ledger
    stores: Stores
    system: System
    at: float

    @cached_property
    def window(self) -> Ledger:
        return self.ledger.between(self.at - WINDOW_SECONDS, self.at)

    @cached_property
    def lines(self) -> list[Line]:
        """Orders' access lines of the rules' window: one a request, with how long it took."""
        query = '{service_name="orders"} |~ "^http.request$"'
        return self.stores.logs(query, self.at - RULE_SECONDS, self.at)

    @cached_property
    def lines_of_payments(self) -> list[Line]:
        query = '{service_name="payments"} |~ "^http.request$"'
        return self.stores.logs(query, self.at - WINDOW_SECONDS, self.at)

    @cached_property
    def payment_seconds(self) -> list[tuple[str, float]]:
        """Kind and duration of each payment, from its span."""
        spans = self.stores.spans('{ name = "payment.process" }', self.at - WINDOW_SECONDS, self.at)
        return [("", int(span["durationNanos"]) / 1e9) for span in spans]

    def per_second(self, ledger: Ledger, key: Callable[[Sent], str] = lambda _: "") -> Figures:
        return {name: count / WINDOW_SECONDS for name, count in ledger.by(key).items()}

    def failing(self) -> float:
        """The share of requests since the rules' window began that ended in 5xx."""
        ledger = self.ledger.between(self.at - RULE_SECONDS, self.at)
        return len(ledger.failed) / len(ledger)

    def slow(self) -> float:
        slow = [line for line in self.lines if seconds(line) > SLOW_SECONDS]
        return len(slow) / len(self.lines)

    def lines_per_second(self, service: str = ".+") -> float:
        query = f'sum(count_over_time({{service_name=~"{service}"}}[{WINDOW_SECONDS}s]))'
        return float(self.stores.logql_instant(query, self.at)[0]["value"][1]) / WINDOW_SECONDS

    def spans_per_second(self, service: str = ".+") -> float:
        """As Tempo's generator counted them, one by one; where there is none, as found."""
        if "tempo" in self.system.scraped:
            query = f'sum(rate(traces_spanmetrics_calls_total{{service=~"{service}"}}[1m]))'
            return self.stores.number(query, self.at)
        query = f'{{ resource.service.name =~ "{service}" }}'
        found = self.stores.search(query, self.at - WINDOW_SECONDS, self.at, limit=1000)
        return sum(trace["spanSet"]["matched"] for trace in found) / WINDOW_SECONDS

    def resident_bytes(self, name: str) -> float:
        return float(psutil.Process(self.system.processes[name].pid).memory_info().rss)

    def bucket(self, metric: str, share: float, durations: list[float]) -> tuple[float, float]:
        """The bounds of the bucket that a quantile must lie in; its neighbour's if it is close."""
        bounds = self.bounds(metric)
        ordered = sorted(durations)
        low, high = (
            ordered[min(len(ordered) - 1, max(0, math.floor(len(ordered) * (share + step))))]
            for step in (-0.03, 0.03)
        )
        below = bisect_left(bounds, low) - 1
        above = bisect_left(bounds, high)
        return bounds[below] if below >= 0 else 0.0, bounds[min(above, len(bounds) - 1)]

    def bounds(self, metric: str) -> list[float]:
        found = self.stores.promql(f"count by (le) ({metric}_bucket)", self.at)
        finite = [float(one["metric"]["le"]) for one in found if one["metric"]["le"] != "+Inf"]
        return sorted(finite)


def seconds(line: Line) -> float:
    return float(line["duration_ms"]) / 1000


def recent(lines: list[Line], at: float) -> list[Line]:
    return [line for line in lines if int(line["at"]) / 1e9 > at - WINDOW_SECONDS]


def kind(one: Sent) -> str:
    return f"{one.payment_method} {one.currency}"


def revenue(ledger: Ledger) -> Counter[str]:
    total: Counter[str] = Counter()
    for one in ledger.sent:
        total[one.currency] += one.amount
    return total
