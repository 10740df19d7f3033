"""What the Collector counts of itself, or the viewer in its place: taken in, refused, handed on."""

from contextlib import suppress
from dataclasses import dataclass, field

from sightline.proof.addresses import Addresses
from sightline.proof.doctor.page import Page
from sightline.proof.http import Unreachable, request
from sightline.proof.stores import Stores

# Signals by the Collector's names of their items.
ITEMS = {"traces": "spans", "logs": "log_records", "metrics": "metric_points"}
_SECONDS = 4.0
_FROM_PROMETHEUS = (
    'sum by (__name__, exporter, data_type) ({__name__=~"otelcol_(receiver|exporter)_.+"'
    ', __name__!~".+_(bucket|sum|count)"})'
)

Samples = list[tuple[str, dict[str, str], float]]
BySignal = dict[str, float]


@dataclass(frozen=True)
class Queue:
    """What waits before a store, in the queue's own unit."""

    exporter: str
    signal: str
    size: float


@dataclass(frozen=True)
class Intake:
    accepted: BySignal = field(default_factory=dict)
    refused: BySignal = field(default_factory=dict)
    sent: BySignal = field(default_factory=dict)
    failed: BySignal = field(default_factory=dict)  # given up: a store refused it for good
    queues: tuple[Queue, ...] = ()
    trouble: str = ""  # of the viewer's store

    def __bool__(self) -> bool:
        return bool(self.accepted or self.refused)


def grown(before: BySignal, now: BySignal, signal: str) -> float:
    """How much came since; all of it where the counter began anew in between."""
    was, is_now = before.get(signal, 0.0), now.get(signal, 0.0)
    return is_now - was if is_now >= was else is_now


def of_collector(metrics: str, stores: Stores) -> Intake:
    """Empty where no Collector shows its counters. Raise `StoreError` where Prometheus is asked."""
    samples = _from_page(metrics) or _from_prometheus(stores)
    return Intake(
        accepted=_by_signal(samples, "otelcol_receiver_accepted_{}_total"),
        refused=_sum(
            _by_signal(samples, "otelcol_receiver_refused_{}_total"),
            _by_signal(samples, "otelcol_receiver_failed_{}_total"),
        ),
        sent=_by_signal(samples, "otelcol_exporter_sent_{}_total"),
        failed=_sum(
            _by_signal(samples, "otelcol_exporter_send_failed_{}_total"),
            _by_signal(samples, "otelcol_exporter_enqueue_failed_{}_total"),
        ),
        queues=tuple(
            Queue(labels.get("exporter", ""), labels.get("data_type", ""), value)
            for name, labels, value in samples
            if name == "otelcol_exporter_queue_size"
        ),
    )


def of_viewer(places: Addresses) -> Intake:
    """Raise `Unreachable` or `ValueError` where the viewer does not tell."""
    url = f"{places.page}/api/status"
    status = request(url, timeout=_SECONDS, headers=places.headers(url)).json()
    services, store = status["received"]["services"], status["store"]
    taken: Samples = [("accepted", each, each["accepted"]) for each in services]
    rejected: Samples = [("rejected", each, each["rejected"]) for each in services]
    refusals: Samples = [
        ("refused", each, each["requests"]) for each in status["received"]["refused"]
    ]
    lost = {"rows": float(store["lost_rows"])}
    return Intake(
        accepted=_totals(taken),
        refused=_sum(_totals(rejected), _totals(refusals)),
        failed=lost,
        trouble=str(store["trouble"]),
    )


def _from_page(url: str) -> Samples:
    found: Samples = []
    with suppress(Unreachable):
        page = Page(request(f"{url}/metrics", timeout=_SECONDS).text)
        names = {line.split("{")[0] for line in page.text.splitlines()}
        for name in (name for name in names if name.startswith(("otelcol_rec", "otelcol_exp"))):
            found += [(name, sample.labels, sample.value) for sample in page.samples(name)]
    return found


def _from_prometheus(stores: Stores) -> Samples:
    return [
        (sample["metric"]["__name__"], sample["metric"], float(sample["value"][1]))
        for sample in stores.promql(_FROM_PROMETHEUS)
    ]


def _by_signal(samples: Samples, name: str) -> BySignal:
    names = {name.format(items): signal for signal, items in ITEMS.items()}
    found: BySignal = {}
    for counter, _, value in samples:
        if counter in names:
            found[names[counter]] = found.get(names[counter], 0.0) + value
    return found


def _totals(samples: Samples) -> BySignal:
    found: BySignal = {}
    for _, labels, value in samples:
        found[labels["signal"]] = found.get(labels["signal"], 0.0) + value
    return found


def _sum(*parts: BySignal) -> BySignal:
    return {
        signal: sum(part.get(signal, 0.0) for part in parts)
        for signal in {signal for part in parts for signal in part}
    }
