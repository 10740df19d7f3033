"""What telemetry does, as metrics beside the service's own: sent, dropped, waiting."""

from collections.abc import Callable, Iterable

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from sightline.telemetry.otlp.outbox import Outbox


class TelemetryCollector(Collector):
    def __init__(self, outboxes: Callable[[], Iterable[Outbox]]) -> None:
        self._outboxes = outboxes

    def collect(self) -> Iterable[Metric]:
        exported = CounterMetricFamily(
            "sightline_telemetry_exported",
            "Spans and log records the endpoint has taken.",
            labels=["signal"],
        )
        dropped = CounterMetricFamily(
            "sightline_telemetry_dropped",
            "Spans and log records lost: the queue was full or the endpoint refused them.",
            labels=["signal"],
        )
        failures = CounterMetricFamily(
            "sightline_telemetry_export_failures", "Export requests that failed.", labels=["signal"]
        )
        size = GaugeMetricFamily(
            "sightline_telemetry_queue_size",
            "Spans and log records that wait to be sent.",
            labels=["signal"],
        )
        capacity = GaugeMetricFamily(
            "sightline_telemetry_queue_capacity", "How many may wait.", labels=["signal"]
        )
        for outbox in self._outboxes():
            signal = [outbox.settings.signal]
            exported.add_metric(signal, outbox.exported)
            dropped.add_metric(signal, outbox.dropped)
            failures.add_metric(signal, outbox.failures)
            size.add_metric(signal, outbox.size)
            capacity.add_metric(signal, outbox.settings.queue_size)
        return [exported, dropped, failures, size, capacity]

    def describe(self) -> Iterable[Metric]:
        return []
